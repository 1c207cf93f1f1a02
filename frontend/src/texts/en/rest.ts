import { account } from "./account";
import { entrance } from "./entrance";
import { files } from "./files";
import { problems } from "./problems";
import { uploads } from "./uploads";
import { voice } from "./voice";

export const rest = { account, entrance, files, problems, uploads, voice };
