/** What the first view of somebody who is signed in needs. */

import { chats } from "./chats";
import { common } from "./common";

export const first = { chats, common };
