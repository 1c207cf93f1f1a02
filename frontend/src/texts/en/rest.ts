import { account } from "./account";
import { entrance } from "./entrance";
import { files } from "./files";
import { markdown } from "./markdown";
import { problems } from "./problems";
import { shortcuts } from "./shortcuts";
import { uploads } from "./uploads";
import { voice } from "./voice";

export const rest = { account, entrance, files, markdown, problems, shortcuts, uploads, voice };
