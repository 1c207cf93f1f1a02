/** Where one is, in the address after the `#`: it is never sent to a server, and back and forward work. */

export type Route =
  | { view: "chat"; chatId: string | null; at: Moment | null } // "new": one to begin; where to go in it: see Moment
  | { view: "files"; fileId: string | null } // a file that is looked at
  | { view: "history"; path: string } // what follows is the history's own
  | { view: "account" };

/** A time (RFC 3339), or a time and after `~` the id of the message that was sent then. */
export type Moment = string;

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z(~[0-9a-f-]{36})?$/;

function idOrNull(text: string | undefined): string | null {
  return text !== undefined && ID.test(text) ? text : null;
}

function momentOrNull(text: string | undefined): Moment | null {
  return text !== undefined && MOMENT.test(text) ? text : null;
}

export function parseRoute(hash: string): Route {
  const address = hash.replace(/^#\/?/, "");
  const [view, first, second] = address.split("/");
  switch (view) {
    case "files":
      return { view, fileId: idOrNull(first) };
    case "history":
      return { view, path: address.slice(view.length) };
    case "account":
      return { view };
    default:
      return { view: "chat", chatId: first === "new" ? first : idOrNull(first), at: momentOrNull(second) };
  }
}

export function addressOf(route: Route): string {
  switch (route.view) {
    case "chat":
      return ["#/chats", route.chatId, route.at].filter((part) => part !== null).join("/");
    case "files":
      return `#/files${route.fileId === null ? "" : `/${route.fileId}`}`;
    case "history":
      return `#/history${route.path}`;
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
