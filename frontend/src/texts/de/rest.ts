import type { rest as english } from "../en/rest";
import { account } from "./account";
import { entrance } from "./entrance";
import { files } from "./files";
import { problems } from "./problems";
import { uploads } from "./uploads";
import { voice } from "./voice";

export const rest: typeof english = { account, entrance, files, problems, uploads, voice };
