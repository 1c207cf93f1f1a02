/** Where one is, in the address after the `#`: it is never sent to a server, and back and forward work. */

export type Route =
  | { view: "chat"; chatId: string | null; at: string | null } // "new": one to begin; the time of a message to go to
  | { view: "files"; fileId: string | null } // a file that is looked at
  | { view: "account" };

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

function idOrNull(text: string | undefined): string | null {
  return text !== undefined && ID.test(text) ? text : null;
}

function timeOrNull(text: string | undefined): string | null {
  return text !== undefined && TIME.test(text) ? text : null;
}

export function parseRoute(hash: string): Route {
  const [view, first, second] = hash.replace(/^#\/?/, "").split("/");
  switch (view) {
    case "files":
      return { view, fileId: idOrNull(first) };
    case "account":
      return { view };
    default:
      return { view: "chat", chatId: first === "new" ? first : idOrNull(first), at: timeOrNull(second) };
  }
}

export function addressOf(route: Route): string {
  switch (route.view) {
    case "chat":
      return ["#/chats", route.chatId, route.at].filter((part) => part !== null).join("/");
    case "files":
      return `#/files${route.fileId === null ? "" : `/${route.fileId}`}`;
    case "account":
      return "#/account";
  }
}

class Router {
  route = $state.raw<Route>(parseRoute(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.route = parseRoute(location.hash)));
  }

  go(route: Route): void {
    location.hash = addressOf(route);
    this.route = route; // hashchange comes a task later
  }

  /** Without a step to go back to: for what was not a choice of the person. */
  replace(route: Route): void {
    history.replaceState(null, "", addressOf(route));
    this.route = route;
  }
}

export const router = new Router();
