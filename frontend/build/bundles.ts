/** Few files for the first view: each costs a slow phone a request, however small. */
import { resolve } from "node:path";

/** What is asked of the bundler here. */
interface Graph {
  getModuleInfo(id: string): { importedIds: readonly string[] } | null;
}

/** One file for each of `modules`, with all that it imports statically, except what those before it hold. The first, which
 * runs first, is a file by itself already. For `codeSplitting.groups[].name`. */
export function bundled(root: string, modules: readonly string[]): (id: string, graph: Graph) => string | null {
  let closures: Set<string>[] = [];
  return (id, graph) => {
    if (closures.length === 0) closures = modules.map((module) => closure(resolve(root, module), graph));
    const index = closures.findIndex((each) => each.has(id));
    return index < 1 ? null : nameOf(modules[index] ?? "");
  };
}

function nameOf(module: string): string {
  return module.replace(/^.*\//, "").replace(/\..*$/, "");
}

function closure(module: string, graph: Graph): Set<string> {
  const found = new Set([module]);
  for (const id of found) for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  return found;
}
