import type { rest as english } from "../en/rest";
import { account } from "./account";
import { entrance } from "./entrance";
import { files } from "./files";
import { history } from "./history";
import { markdown } from "./markdown";
import { problems } from "./problems";
import { shortcuts } from "./shortcuts";
import { uploads } from "./uploads";
import { voice } from "./voice";

export const rest: typeof english = { account, entrance, files, history, markdown, problems, shortcuts, uploads, voice };
