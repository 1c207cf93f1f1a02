import type { first as english } from "../en/first";
import { chats } from "./chats";
import { common } from "./common";

export const first: typeof english = { chats, common };
