/** Made from the OpenAPI document by `make types`. */

export interface paths {
    "/registration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who may register */
        get: operations["get_registration"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register
         * @description The recovery code is shown this once. It is the only other way in besides the password. `invitation` is looked at where registering takes one: see `GET /registration`.
         */
        post: operations["post_auth_register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description Where a second factor is set, 401 `second_factor_required` says in `factors` and `passkey_options` what to show: then the same again with `code` or `passkey`. 401 `bad_code` if it is refused.
         */
        post: operations["post_auth_login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign out */
        post: operations["post_auth_logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description 403 `wrong_password` if the current one is not that; this session stays open all the same. With `close_passkeys` all passkeys are removed that open the account by themselves.
         */
        post: operations["post_auth_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/recover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set a new password with the recovery code
         * @description The code is used up: the new one is shown this once. All sessions that were open are closed; so are all API tokens, and all passkeys that open the account by themselves are removed, unless `close_others` is false. Where a second factor is set, 401 `second_factor_required` says in `factors` and `passkey_options` what to show: then the same again with `code` or `passkey`. 401 `bad_code` if it is refused. The recovery code holds until then.
         */
        post: operations["post_auth_recover"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/recovery-code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Issue a new recovery code */
        post: operations["post_auth_recovery_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Factors */
        get: operations["get_auth_factors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set up an authenticator
         * @description Asked again, another secret takes its place. 409 `totp_set` once there is a confirmed one.
         */
        post: operations["post_auth_totp"];
        /**
         * Remove the authenticator
         * @description The last second factor takes the back-up codes along.
         */
        delete: operations["delete_auth_totp"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/totp/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm the authenticator
         * @description The code is used up: the next sign-in needs the next one. Sessions stay open.
         */
        post: operations["post_auth_totp_confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/backup-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Issue new back-up codes
         * @description The second factor is shown for them, as at the sign-in: 401 `second_factor_required` says what there is; then the same again with `code` or, where there is no authenticator, `passkey`. 401 `bad_code` if it is refused.
         */
        post: operations["post_auth_backup_codes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the e-mail address
         * @description Nothing is sent to it: the server has no way to write to anybody.
         */
        post: operations["post_auth_email"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add a passkey
         * @description With `prf` it opens the account by itself; the password is then asked for no more where it is used. Without, it is a second factor: the password alone does not sign in any more, and the first one comes with back-up codes.
         */
        post: operations["post_auth_passkeys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/passkeys/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to add a passkey
         * @description The passkey is then sent to `POST /auth/passkeys`, by the same session. Where a second factor is set already it is shown, as at the sign-in: 401 `second_factor_required` says what there is; then the same again with `code` or `passkey`. 401 `bad_code` if it is refused.
         */
        post: operations["post_auth_passkeys_options"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/passkeys/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to sign in with a passkey
         * @description Nobody is asked who they are: it is the passkey that tells.
         */
        post: operations["post_auth_passkeys_challenge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/passkeys/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with a passkey
         * @description 401 `password_needed` if the passkey holds and cannot open the account by itself.
         */
        post: operations["post_auth_passkeys_login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/passkeys/{passkey_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a passkey */
        delete: operations["delete_auth_passkeys_passkey_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Open sessions */
        get: operations["get_auth_sessions"];
        put?: never;
        post?: never;
        /** Sign out everywhere */
        delete: operations["delete_auth_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Close a session */
        delete: operations["delete_auth_sessions_session_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/seal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Seal now
         * @description In one step: from then on nothing opens your data until somebody signs in again.
         */
        post: operations["post_auth_seal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your API tokens */
        get: operations["get_auth_tokens"];
        put?: never;
        /**
         * Issue an API token
         * @description It needs the password. `read` and `write` together do all that a session does except for what concerns the account itself; `write` alone posts and uploads, and reads nothing, not even what it wrote. With `chat_ids` it reaches these chats only, and starts no others.
         */
        post: operations["post_auth_tokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/tokens/{token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an API token */
        delete: operations["delete_auth_tokens_token_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/chats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start a chat */
        post: operations["post_chats"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/chats/{chat_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a chat
         * @description The files of the chat are deleted with it, each in an event of its own.
         */
        delete: operations["delete_chats_chat_id"];
        options?: never;
        head?: never;
        /** Rename a chat */
        patch: operations["patch_chats_chat_id"];
        trace?: never;
    };
    "/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message
         * @description Without `chat_id` a chat is started. With a `message_id` of your own, sending again is safe.
         */
        post: operations["post_messages"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{message_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say what became of a message */
        post: operations["post_messages_message_id_status"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upload/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload files
         * @description One or more file parts of any field name; text fields `chat_id` and `message_id` before them.
         */
        post: operations["post_upload_files"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upload/audio": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload audio
         * @description A form like /upload/files, or the recording itself as the body with its name in `?name=`.
         */
        post: operations["post_upload_audio"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin a resumable upload
         * @description tus 1.0.0: creation, creation-with-upload, creation-defer-length, concatenation, expiration. The bytes that come along are taken as by PATCH.
         */
        post: operations["post_uploads"];
        delete?: never;
        /** What this tus server can do */
        options: operations["options_uploads"];
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/uploads/{upload_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End an upload
         * @description A session ends what a token began, too. 403 to a token that only posts: the upload is a file.
         */
        delete: operations["delete_uploads_upload_id"];
        /** What this tus server can do */
        options: operations["options_uploads_upload_id"];
        /**
         * Where an upload stands
         * @description Whoever is sending bytes to it at this moment gives way. 423: ask again.
         */
        head: operations["head_uploads_upload_id"];
        /**
         * Send bytes
         * @description What has come is kept when the connection breaks, unless a checksum guards it. The answer to the last byte has `Strongroom-File-Id`. `X-HTTP-Method-Override` on a POST does the same.
         */
        patch: operations["patch_uploads_upload_id"];
        trace?: never;
    };
    "/files/{file_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file's row */
        get: operations["get_files_file_id"];
        put?: never;
        post?: never;
        /** Delete a file */
        delete: operations["delete_files_file_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A file's bytes
         * @description `Range` with one range and `If-Range` are honoured. `disposition=inline` works for an allow-list of pictures, audio and video; everything else is an attachment.
         */
        get: operations["get_files_file_id_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        /**
         * What would be sent of a file
         * @description The headers of a GET without `Range`.
         */
        head: operations["head_files_file_id_content"];
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Process a file again */
        post: operations["post_files_file_id_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/waveform": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An audio file's waveform
         * @description At most 8,000 points, whatever the length. 404 `no_rendition` for what is not audio.
         */
        get: operations["get_files_file_id_waveform"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A picture's thumbnail */
        get: operations["get_files_file_id_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/transcript": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is said in an audio file
         * @description 404 `no_transcript` when transcription is off, or nothing was said.
         */
        get: operations["get_files_file_id_transcript"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Erase the account
         * @description Nobody can bring anything of it back. The user name and the e-mail address are free again.
         */
        delete: operations["delete_user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All that is yours
         * @description Items come in the order of the log. With `limit`, chats, messages and files together make up a page. `Accept: application/x-ndjson` gives one object a line, each with its `kind`. `as_of` gives all of it as it stood at a position of the log or at a time, less what was deleted since.
         */
        get: operations["get_user_data"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Take everything out
         * @description Streamed: data as JSON and NDJSON, pages to read, the files, your events with their proofs. The manifest comes last: an archive that has it is whole. `Strongroom-Export-Bytes` says about how long it will be. The history shows that it was asked for. At most 20 an hour; see `RateLimit`.
         */
        get: operations["get_user_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bring everything in
         * @description An export as the body, into an account with nothing in it. One that was cut off goes on where it stopped when it is sent again, and nothing comes in twice.
         */
        post: operations["post_user_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Your history
         * @description Every event of yours, straight from the log: what happened, when, to what. The content is not in it; `/user/data` has that.
         */
        get: operations["get_user_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/events/{position}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The proof that an event of yours is in the log
         * @description Against the newest published checkpoint. An event of this moment is covered by the next one, which is waited for; 503 with `Retry-After` when it does not come in time. `extra` is the event's envelope.
         */
        get: operations["get_user_events_position_proof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, as it happens
         * @description `id` is the position in the log, `event` the event's type, `data` a JSON object with its fields, opened, and `position`, `at` and the id of what it happened to; `forgotten: true` where the key of the private ones is gone. The header `Last-Event-ID` resumes after a position without a gap or a repeat; without it, `ready` comes first and says where the stream begins. `progress` has no id: it tells how far the processing of a file has come. `heartbeat`, without an id, comes after 15 s of silence. `end` comes last and says why: `closed`, `expired` or `erased` with the session, `shutdown` when the client may come again at once. `StreamEvents`, among the types, says what `data` holds.
         */
        get: operations["get_stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How everything stands
         * @description Numbers and names of Strongroom's own parts. No name, title or word of anybody's is in it.
         */
        get: operations["get_admin_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/jobs/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Do all failed jobs again
         * @description Those that can be done again. `others`: older ones, at which nobody has looked.
         */
        post: operations["post_admin_jobs_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/jobs/{job_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Do a failed job again
         * @description `not_retryable`: what the job worked on is gone, or it was tried too often.
         */
        post: operations["post_admin_jobs_job_id_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Problem
         * @description RFC 9457 problem details; `code` is stable, the texts are not.
         */
        Problem: {
            type: string;
            title: string;
            status: number;
            code: components["schemas"]["ProblemCode"];
            detail?: string;
            request_id?: string;
            errors?: components["schemas"]["FieldError"][];
            factors?: ("backup_code" | "passkey" | "totp")[];
            passkey_options?: components["schemas"]["RequestOptions"];
        };
        /** FieldError */
        FieldError: {
            field: string;
            message: string;
        };
        /**
         * RequestOptions
         * @description PublicKeyCredentialRequestOptionsJSON. Without `allow_credentials` the authenticator offers what it has.
         */
        RequestOptions: {
            challenge: string;
            timeout: number;
            rpId: string;
            /** @enum {unknown} */
            userVerification: "required";
            allowCredentials?: components["schemas"]["Descriptor"][];
            extensions?: components["schemas"]["Extensions"];
        };
        /** Descriptor */
        Descriptor: {
            id: string;
            /** @enum {unknown} */
            type: "public-key";
        };
        /**
         * Extensions
         * @description §10.1.4: the salt for which the page is to ask the authenticator's pseudo-random function.
         */
        Extensions: {
            prf: components["schemas"]["PrfInputs"];
        };
        /** PrfInputs */
        PrfInputs: {
            eval: components["schemas"]["PrfValues"];
        };
        /** PrfValues */
        PrfValues: {
            first: string;
        };
        /** RegistrationMode */
        RegistrationMode: {
            /** @enum {unknown} */
            mode: "closed" | "invited" | "open";
        };
        /** RegisterRequest */
        RegisterRequest: {
            username: string;
            email: string;
            /** Format: password */
            password: string;
            /** @default false */
            cookie?: boolean;
            /** @default null */
            invitation?: string | null;
        };
        /**
         * Registered
         * @description `token` is left out when it went into the cookie.
         */
        Registered: {
            user: components["schemas"]["UserView"];
            recovery_code: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            expires_at: string;
            position: number;
            token?: string;
        };
        /** UserView */
        UserView: {
            /** Format: uuid */
            id: string;
            username: string;
            email: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            updated_at: string;
        };
        /** LoginRequest */
        LoginRequest: {
            /** @description User name or e-mail address. */
            username: string;
            /** Format: password */
            password: string;
            /** @default false */
            cookie?: boolean;
            /** @default null */
            code?: string | null;
            /** @default null */
            passkey?: components["schemas"]["Assertion"] | null;
        };
        /**
         * Assertion
         * @description AuthenticationResponseJSON.
         */
        Assertion: {
            /** @description Unpadded base64url. */
            id: string;
            /** @description Unpadded base64url. */
            rawId: string;
            response: components["schemas"]["AssertionPart"];
            /** @enum {unknown} */
            type: "public-key";
        };
        /** AssertionPart */
        AssertionPart: {
            /** @description Unpadded base64url. */
            clientDataJSON: string;
            /** @description Unpadded base64url. */
            authenticatorData: string;
            /** @description Unpadded base64url. */
            signature: string;
            userHandle: string | null;
        };
        /** LoggedIn */
        LoggedIn: {
            user: components["schemas"]["UserView"];
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            expires_at: string;
            position: number;
            token?: string;
        };
        /** PasswordRequest */
        PasswordRequest: {
            /** Format: password */
            current_password: string;
            /** Format: password */
            new_password: string;
            /** @default false */
            close_tokens?: boolean;
            /** @default false */
            close_passkeys?: boolean;
        };
        /** RecoverRequest */
        RecoverRequest: {
            /** @description User name or e-mail address. */
            username: string;
            /**
             * Format: password
             * @description As it was given; case, spaces and dashes do not count, O is read as 0, I and L as 1.
             */
            recovery_code: string;
            /** Format: password */
            new_password: string;
            /** @default false */
            cookie?: boolean;
            /** @default null */
            code?: string | null;
            /** @default null */
            passkey?: components["schemas"]["Assertion"] | null;
            /** @default true */
            close_others?: boolean;
        };
        /**
         * Recovered
         * @description `recovery_code`: the new one, shown this once; the old one is used up. `token` as in `Registered`.
         */
        Recovered: {
            user: components["schemas"]["UserView"];
            recovery_code: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            expires_at: string;
            position: number;
            token?: string;
        };
        /**
         * ConfirmRequest
         * @description For what only the password allows, though one is signed in.
         */
        ConfirmRequest: {
            /** Format: password */
            password: string;
        };
        /** NewRecoveryCode */
        NewRecoveryCode: {
            recovery_code: string;
            position: number;
        };
        /**
         * Factors
         * @description `totp`: whether an authenticator is set up and confirmed.
         */
        Factors: {
            totp: boolean;
            backup_codes_left: number;
            passkeys: components["schemas"]["PasskeyView"][];
        };
        /**
         * PasskeyView
         * @description `opens`: it signs in by itself. `last_used_at`: null until then.
         */
        PasskeyView: {
            /** Format: uuid */
            id: string;
            name: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            last_used_at: string | null;
            opens: boolean;
        };
        /**
         * TotpOffer
         * @description Shown this once.
         */
        TotpOffer: {
            /** @description Base 32, to be typed into an authenticator. */
            secret: string;
            /** @description `otpauth://…`, for a QR code. */
            uri: string;
        };
        /** TotpRemoveRequest */
        TotpRemoveRequest: {
            /** Format: password */
            password: string;
            /**
             * Format: password
             * @description Six digits of the authenticator, or a back-up code, typed as recovery codes may be.
             */
            code: string;
        };
        /** TotpConfirmRequest */
        TotpConfirmRequest: {
            /** @description Six digits that the authenticator shows. */
            code: string;
        };
        /**
         * BackupCodes
         * @description Ten codes, shown this once, each good for one sign-in. Those of before are void.
         */
        BackupCodes: {
            backup_codes: string[];
            position: number;
        };
        /**
         * BackupCodesRequest
         * @description `code` or `passkey`: of the second factor that they stand in for. `passkey`: AuthenticationResponseJSON.
         */
        BackupCodesRequest: {
            /** Format: password */
            password: string;
            /** @default null */
            code?: string | null;
            /** @default null */
            passkey?: components["schemas"]["Assertion"] | null;
        };
        /** EmailRequest */
        EmailRequest: {
            /** Format: password */
            password: string;
            email: string;
        };
        /** EmailAnswer */
        EmailAnswer: {
            user: components["schemas"]["UserView"];
            position: number;
        };
        /**
         * PasskeyRequest
         * @description `credential`: RegistrationResponseJSON, as `toJSON()` of the browser's credential gives it. `prf`: so that the
         *         passkey signs in by itself.
         */
        PasskeyRequest: {
            name: string;
            credential: components["schemas"]["NewCredential"];
            /** @default null */
            prf?: string | null;
        };
        /**
         * NewCredential
         * @description RegistrationResponseJSON.
         */
        NewCredential: {
            /** @description Unpadded base64url. */
            id: string;
            /** @description Unpadded base64url. */
            rawId: string;
            response: components["schemas"]["AttestationPart"];
            /** @enum {unknown} */
            type: "public-key";
        };
        /** AttestationPart */
        AttestationPart: {
            /** @description Unpadded base64url. */
            clientDataJSON: string;
            /** @description Unpadded base64url. */
            attestationObject: string;
        };
        /**
         * PasskeyAdded
         * @description `opens`: it signs in by itself. `backup_codes`: with the first second factor, shown this once.
         */
        PasskeyAdded: {
            /** Format: uuid */
            id: string;
            name: string;
            opens: boolean;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            position: number;
            backup_codes?: string[];
        };
        /**
         * PasskeyOptionsRequest
         * @description `code` or `passkey`: of the second factor that there is already. `passkey`: AuthenticationResponseJSON.
         */
        PasskeyOptionsRequest: {
            /** Format: password */
            password: string;
            /** @default null */
            code?: string | null;
            /** @default null */
            passkey?: components["schemas"]["Assertion"] | null;
        };
        /**
         * CreationOptions
         * @description PublicKeyCredentialCreationOptionsJSON.
         */
        CreationOptions: {
            rp: components["schemas"]["RpEntity"];
            user: components["schemas"]["UserEntity"];
            challenge: string;
            pubKeyCredParams: components["schemas"]["Algorithm"][];
            timeout: number;
            excludeCredentials: components["schemas"]["Descriptor"][];
            extensions: components["schemas"]["Extensions"];
            authenticatorSelection: components["schemas"]["Selection"];
            /** @enum {unknown} */
            attestation: "none";
        };
        /** RpEntity */
        RpEntity: {
            id: string;
            name: string;
        };
        /** UserEntity */
        UserEntity: {
            id: string;
            name: string;
            displayName: string;
        };
        /** Algorithm */
        Algorithm: {
            alg: number;
            /** @enum {unknown} */
            type: "public-key";
        };
        /** Selection */
        Selection: {
            /** @enum {unknown} */
            residentKey: "preferred";
            requireResidentKey: boolean;
            /** @enum {unknown} */
            userVerification: "required";
        };
        /**
         * PasskeyLoginRequest
         * @description `credential`: AuthenticationResponseJSON.
         */
        PasskeyLoginRequest: {
            credential: components["schemas"]["Assertion"];
            /**
             * Format: password
             * @description What the authenticator's PRF gave for the salt in the options' extensions: 32 bytes in unpadded base64url.
             */
            prf: string;
            /** @default false */
            cookie?: boolean;
        };
        /** Sessions */
        Sessions: {
            sessions: components["schemas"]["OpenSession"][];
        };
        /**
         * OpenSession
         * @description `last_seen_at`: to the hour.
         */
        OpenSession: {
            /** Format: uuid */
            id: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            expires_at: string;
            current: boolean;
            client: string;
            place: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            last_seen_at: string;
        };
        /** Tokens */
        Tokens: {
            tokens: components["schemas"]["TokenView"][];
        };
        /**
         * TokenView
         * @description `chat_ids`: the only ones that it reaches; null: all. `last_used_at`: no finer than an hour.
         */
        TokenView: {
            /** Format: uuid */
            id: string;
            name: string;
            scopes: ("read" | "write")[];
            chat_ids: string[] | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            expires_at: string;
            last_used_at: string | null;
        };
        /** TokenRequest */
        TokenRequest: {
            /** Format: password */
            password: string;
            /** @description What you call it. */
            name: string;
            /** @description `write` alone posts messages and files, also while you are signed out, and reads nothing. */
            scopes: ("read" | "write")[];
            /** @default 90 */
            expires_in_days?: number;
            /** @default null */
            chat_ids?: string[] | null;
        };
        /**
         * TokenIssued
         * @description `token`: shown this once; it goes into `Authorization: Bearer …`.
         */
        TokenIssued: {
            /** Format: uuid */
            id: string;
            token: string;
            name: string;
            scopes: ("read" | "write")[];
            chat_ids: string[] | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            expires_at: string;
            position: number;
        };
        /** ChatRequest */
        ChatRequest: {
            /** @default  */
            title?: string;
        };
        /** ChatAnswer */
        ChatAnswer: {
            /** Format: uuid */
            chat_id: string;
            title: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            updated_at: string;
            position: number;
        };
        /** RenameRequest */
        RenameRequest: {
            title: string;
        };
        /**
         * Deleted
         * @description `receipt`: where the log's word on it will be, once it is finished; outside /api, and nobody signs in for it.
         */
        Deleted: {
            position: number;
            /** @description Address of the receipt, signed once all is finished. */
            receipt: string;
        };
        /** MessageRequest */
        MessageRequest: {
            /** @description At most 256 KiB in UTF-8. */
            content: string;
            /** @default null */
            chat_id?: string | null;
            /** @default text/plain */
            content_type?: string;
            /**
             * @default user
             * @enum {unknown}
             */
            role?: "assistant" | "system" | "user";
            /** @default null */
            message_id?: string | null;
            /** @default [] */
            file_ids?: string[];
        };
        /** MessageAnswer */
        MessageAnswer: {
            /** Format: uuid */
            message_id: string;
            /** Format: uuid */
            chat_id: string;
            /** @enum {unknown} */
            role: "assistant" | "system" | "user";
            /** @enum {unknown} */
            status: "sent";
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            position: number;
        };
        /** StatusRequest */
        StatusRequest: {
            /** @enum {unknown} */
            status: "delivered" | "error" | "read";
            /** @default null */
            code?: string | null;
        };
        /** StatusAnswer */
        StatusAnswer: {
            /** Format: uuid */
            message_id: string;
            /** @enum {unknown} */
            status: "delivered" | "error" | "read" | "sent";
            position: number;
        };
        /** UploadAnswer */
        UploadAnswer: {
            files: components["schemas"]["AcceptedFile"][];
            rejected: components["schemas"]["RejectedFile"][];
        };
        /** AcceptedFile */
        AcceptedFile: {
            /** Format: uuid */
            file_id: string;
            name: string;
            /** @enum {unknown} */
            kind: "audio" | "file";
            size_bytes: number;
            /** @enum {unknown} */
            status: "processing";
            position: number;
        };
        /** RejectedFile */
        RejectedFile: {
            name: string;
            code: components["schemas"]["ProblemCode"];
            detail: string;
        };
        /**
         * FileView
         * @description Until the file is stored, what the worker has to find out is null; `hash_sha256` is of the plaintext.
         */
        FileView: {
            /** Format: uuid */
            file_id: string;
            chat_id: string | null;
            message_id: string | null;
            /** @enum {unknown} */
            kind: "audio" | "file";
            name: string;
            mime_type: string | null;
            size_bytes: number;
            /** @enum {unknown} */
            status: "error" | "processing" | "ready";
            error_code: string | null;
            progress: number | null;
            /** @enum {unknown} */
            encryption_algo: "AES-256-GCM";
            /** @enum {unknown} */
            encryption_scheme: "AES256_GCM_HKDF_1MB";
            encryption_iv: string | null;
            hash_sha256: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            uploaded_at: string;
            audio: components["schemas"]["AudioView"] | null;
            has_thumbnail: boolean;
        };
        /** AudioView */
        AudioView: {
            duration_s: number;
            codec: string;
            sample_rate_hz: number;
            channels: number;
            has_transcript: boolean;
        };
        /** PositionAnswer */
        PositionAnswer: {
            position: number;
        };
        /**
         * TranscriptAnswer
         * @description `text`: the segments' texts, joined by spaces. `language`: ISO 639, empty if not known.
         */
        TranscriptAnswer: {
            language: string;
            text: string;
            segments: components["schemas"]["Segment"][];
        };
        /** Segment */
        Segment: {
            start_s: number;
            end_s: number;
            text: string;
        };
        /**
         * UserDataAnswer
         * @description With `limit`, a page: `next_cursor` goes on after it. Without, everything. `position`: what of the log the answer
         *         has seen; with `as_of`, the last position that counts. `user`: null where the account had not begun.
         */
        UserDataAnswer: {
            user: components["schemas"]["UserView"] | null;
            sessions: components["schemas"]["SessionView"][];
            chats: components["schemas"]["ChatView"][];
            messages: components["schemas"]["MessageView"][];
            files: components["schemas"]["FileView"][];
            next_cursor: string | null;
            position: number;
        };
        /**
         * SessionView
         * @description `client`: how the program called itself. `place`: the network that it signed in from, an IPv4 /24 or an IPv6 /48;
         *         "": not known.
         */
        SessionView: {
            /** Format: uuid */
            id: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            expires_at: string;
            current: boolean;
            client: string;
            place: string;
        };
        /** ChatView */
        ChatView: {
            /** Format: uuid */
            chat_id: string;
            title: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            updated_at: string;
        };
        /** MessageView */
        MessageView: {
            /** Format: uuid */
            message_id: string;
            /** Format: uuid */
            chat_id: string;
            /** @enum {unknown} */
            role: "assistant" | "system" | "user";
            content_type: string;
            content: string;
            /** @enum {unknown} */
            status: "delivered" | "error" | "read" | "sent";
            error_code: string | null;
            file_ids: string[];
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            created_at: string;
        };
        /**
         * ImportAnswer
         * @description How many of each came in; `skipped`: those that were here from an earlier try, those that were deleted here
         *         since, and files whose bytes the export has not.
         */
        ImportAnswer: {
            chats: number;
            messages: number;
            files: number;
            skipped: number;
            position: number;
        };
        /**
         * EventsAnswer
         * @description A page. `checkpoint_size`: up to which position events can be proved at this moment; 0 before the first
         *         checkpoint.
         */
        EventsAnswer: {
            events: components["schemas"]["EventView"][];
            next_cursor: string | null;
            checkpoint_size: number;
        };
        /**
         * EventView
         * @description One event of a person's history as the log has it: what happened to which stream, and nothing of its content.
         *         `key_id` names the key that opens what is sealed, empty where nothing is.
         */
        EventView: {
            position: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            at: string;
            type: string;
            /** @description What kind of thing it happened to: account, session, chat, message, file. */
            stream: string;
            /** Format: uuid */
            id: string;
            version: number;
            schema: number;
            key_id: string;
            sealed_bytes: number;
            /** @description The event's own fields that the envelope has in clear; which ones, `type` and `schema` tell. */
            public: {
                [key: string]: unknown;
            };
        };
        /**
         * Overview
         * @description `running_since`: None where the API was not started by `strongroom`. `checkpoint`: None before the
         *         first, too; `backup`: where none was ever taken.
         */
        Overview: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            at: string;
            version: string;
            running_since: string | null;
            health: components["schemas"]["HealthView"];
            log: components["schemas"]["LogView"] | null;
            accounts: number | null;
            keyring_generation: number | null;
            projections: components["schemas"]["ProjectionView"][] | null;
            jobs: components["schemas"]["JobsView"] | null;
            storage: components["schemas"]["StorageView"] | null;
            checkpoint: components["schemas"]["CheckpointView"] | null;
            backup: components["schemas"]["BackupView"] | null;
            settings: components["schemas"]["SettingsView"];
        };
        /**
         * HealthView
         * @description As `/readyz` says it. `stopped`: where the read tables stand still, and at what type of event.
         */
        HealthView: {
            missing: string[];
            warnings: string[];
            stopped: components["schemas"]["Standstill"] | null;
        };
        /**
         * Standstill
         * @description `position`: of the event that cannot be projected; everything before it is.
         */
        Standstill: {
            position: number;
            event_type: string;
            why: string;
        };
        /**
         * LogView
         * @description `size_bytes`: of the database on disk. `unsigned_since`: when the oldest event was appended that the last
         *         checkpoint does not cover; None: it covers all of them, or there is none.
         */
        LogView: {
            position: number;
            size_bytes: number;
            unsigned_since: string | null;
        };
        /**
         * ProjectionView
         * @description `position`: how far it is. `lag`: how many events it is behind the log, and `behind_since`: when the oldest of
         *         them was appended; None: it is behind by none, or nobody can tell.
         */
        ProjectionView: {
            name: string;
            position: number | null;
            lag: number | null;
            behind_since: string | null;
            size_bytes: number;
        };
        /**
         * JobsView
         * @description `reported_at`: when a worker last told; None: never. `old`: too long ago to go by. `failed`: the newest hundred;
         *         `failed_count`: of all, and `lost_count` of those that nobody can do again, as far as was looked: a hundred of each
         *         queue.
         */
        JobsView: {
            reported_at: string | null;
            old: boolean;
            queues: components["schemas"]["QueueView"][];
            failed: components["schemas"]["FailedJobView"][];
            failed_count: number;
            lost_count: number;
        };
        /**
         * QueueView
         * @description `working`: a worker for it is alive. The numbers are those of the last report. `taken`: jobs that a worker has
         *         in hand.
         */
        QueueView: {
            name: string;
            working: boolean;
            waiting: number;
            taken: number;
            delayed: number;
            failed: number;
            oldest_at: string | null;
        };
        /**
         * FailedJobView
         * @description `file_id`: "" for a job about none. `error`: the class of the error. `way`: whether it can be done again.
         */
        FailedJobView: {
            job_id: string;
            queue: string;
            actor: string;
            file_id: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            failed_at: string;
            error: string;
            tries: number;
            /** @enum {unknown} */
            way: "lost" | "retry";
        };
        /**
         * StorageView
         * @description `total_bytes`, `free_bytes`: of the disk of the data folder; uploads are refused when less than `reserve_bytes`
         *         is free. `uploads`: resumable ones under way. `count`: None until it is counted for the first time.
         */
        StorageView: {
            total_bytes: number;
            free_bytes: number;
            reserve_bytes: number;
            uploads: number | null;
            upload_bytes: number | null;
            count: components["schemas"]["CountView"] | null;
        };
        /**
         * CountView
         * @description What lay in the folders at `counted_at`.
         */
        CountView: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            counted_at: string;
            blobs: number;
            blob_bytes: number;
            spools: number;
            spool_bytes: number;
        };
        /**
         * CheckpointView
         * @description The last one that was published. `cosigners`: names of the witnesses whose lines it has.
         */
        CheckpointView: {
            size: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            published_at: string;
            cosigners: string[];
        };
        /**
         * BackupView
         * @description `folder`, `keyrings`: where its halves were put. `faults`: what the data folder itself lacked then.
         *         `within_horizon`: not older than copies of the keyring are kept.
         */
        BackupView: {
            name: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, microseconds.
             */
            finished_at: string;
            log_size: number;
            folder: string;
            keyrings: string;
            faults: number;
            within_horizon: boolean;
        };
        /** SettingsView */
        SettingsView: {
            /** @enum {unknown} */
            registration: "closed" | "invited" | "open";
            quota_bytes: number;
            max_file_bytes: number;
            api_processes: number;
            worker_threads: number;
            session_days: number;
            backup_horizon_days: number;
            /** @enum {unknown} */
            transcribe: "faster-whisper" | "off" | "openai";
            /** @description How many are asked to cosign checkpoints. */
            witnesses: number;
        };
        /**
         * RetryAccepted
         * @description `jobs`: how many are asked for that can be done again, as a worker last told. `others`: how many older ones were
         *         given up; of these, those are done that can be.
         */
        RetryAccepted: {
            jobs: number;
            others: number;
        };
        /**
         * ProblemCode
         * @description Stable: what a program may act on.
         * @enum {string}
         */
        ProblemCode: "already_under_way" | "bad_code" | "bad_credentials" | "bad_export" | "bad_passkey" | "body_incomplete" | "body_too_large" | "busy" | "checksum_mismatch" | "conflict" | "cookie_needs_https" | "cross_site" | "email_taken" | "empty_message" | "export_too_new" | "file_too_large" | "idempotency_key_reused" | "internal_error" | "invalid_request" | "invitation_needed" | "message_id_taken" | "method_not_allowed" | "no_files" | "no_rendition" | "no_second_factor" | "no_transcript" | "not_allowed" | "not_empty" | "not_found" | "not_ready" | "not_retryable" | "offset_conflict" | "origin_unknown" | "passkey_taken" | "password_needed" | "processing_failed" | "quota_exceeded" | "range_not_satisfiable" | "rate_limited" | "registration_closed" | "second_factor_required" | "session_needed" | "status_backwards" | "storage_full" | "too_many_changes" | "too_many_files" | "too_many_passkeys" | "too_many_streams" | "too_many_tokens" | "too_many_uploads" | "totp_set" | "two_credentials" | "unknown_file" | "unsupported_media_type" | "unsupported_tus_version" | "upload_interrupted" | "upload_joined" | "upload_locked" | "upload_taken_over" | "upload_unfinished" | "username_taken" | "validation_failed" | "weak_password" | "wrong_password";
        /** @description For each event of `GET /stream`, by its name, what its `data` holds. */
        StreamEvents: {
            UserRegistered?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
                username?: string;
                email?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            EmailChanged?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
                username?: string;
                email?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            PasswordChanged?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            RecoveryCodeIssued?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            TotpEnabled?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            TotpDisabled?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            BackupCodesIssued?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            BackupCodeUsed?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            PasskeyAdded?: {
                passkey: string;
                opens: boolean;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
                name?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            PasskeyRemoved?: {
                passkey: string;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            DataImported?: {
                chats: number;
                messages: number;
                files: number;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            ErasureRequested?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            AccountErased?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                user_id: string;
            };
            SessionOpened?: {
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                expires_at: string;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                session_id: string;
                client?: string;
                place?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            SessionClosed?: {
                /** @enum {unknown} */
                reason: "closed" | "expired" | "idle" | "logout" | "lost" | "password" | "sealed";
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                session_id: string;
            };
            ApiTokenIssued?: {
                /** @enum {unknown} */
                kind: "read" | "read_write" | "write";
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                expires_at: string;
                chats: string[] | null;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                token_id: string;
                name?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            ApiTokenUsed?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                token_id: string;
            };
            ApiTokenRevoked?: {
                /** @enum {unknown} */
                reason: "expired" | "lost" | "password" | "revoked" | "sealed";
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                token_id: string;
            };
            DataExported?: {
                /** @enum {unknown} */
                by: "command" | "session" | "token";
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                export_id: string;
            };
            ChatStarted?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                chat_id: string;
                title?: string;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                began_at?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            ChatRenamed?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                chat_id: string;
                title?: string;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                began_at?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            ChatDeleted?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                chat_id: string;
            };
            ChatErased?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                chat_id: string;
            };
            MessageSent?: {
                chat_id: string;
                /** @enum {unknown} */
                role: "assistant" | "system" | "user";
                content_type: string;
                file_ids: string[];
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                message_id: string;
                /** @enum {unknown} */
                status: "sent" | "delivered" | "read" | "error";
                content?: string;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                sent_at?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            MessageDelivered?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                message_id: string;
                /** @enum {unknown} */
                status: "sent" | "delivered" | "read" | "error";
            };
            MessageRead?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                message_id: string;
                /** @enum {unknown} */
                status: "sent" | "delivered" | "read" | "error";
            };
            MessageFailed?: {
                error_code: string;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                message_id: string;
                /** @enum {unknown} */
                status: "sent" | "delivered" | "read" | "error";
            };
            FileUploaded?: {
                /** @enum {unknown} */
                kind: "audio" | "file";
                size_bytes: number;
                chat_id: string | null;
                message_id: string | null;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
                name?: string;
                declared_type?: string;
                hash_sha256?: string;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                uploaded_at?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            FileStored?: {
                encryption_scheme: string;
                size_bytes: number;
                ciphertext_bytes: number;
                commitment: string;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
                mime_type?: string;
                hash_sha256?: string;
                encryption_iv?: string;
                /** @enum {unknown} */
                forgotten?: true;
            };
            AudioAnalysed?: {
                renditions: string[];
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
                duration_s?: number;
                codec?: string;
                sample_rate_hz?: number;
                channels?: number;
                damaged?: boolean;
                /** @enum {unknown} */
                forgotten?: true;
            };
            ImageAnalysed?: {
                renditions: string[];
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
                width?: number;
                height?: number;
                /** @enum {unknown} */
                forgotten?: true;
            };
            AudioTranscribed?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
                language?: string;
                segments?: components["schemas"]["Segment"][];
                /** @enum {unknown} */
                forgotten?: true;
            };
            AnalysisFailed?: {
                error_code: string;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
            };
            FileFailed?: {
                error_code: string;
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
            };
            FileRetried?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
            };
            FileDeleted?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
            };
            FileErased?: {
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                file_id: string;
                /** @enum {unknown} */
                status: "processing" | "ready" | "error" | "deleted";
            };
            ready?: {
                position: number;
            };
            progress?: {
                /** Format: uuid */
                file_id: string;
                progress: number;
            };
            heartbeat?: Record<string, never>;
            end?: {
                /** @enum {unknown} */
                reason: "closed" | "erased" | "expired" | "shutdown";
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Problem = components['schemas']['Problem'];
export type FieldError = components['schemas']['FieldError'];
export type RequestOptions = components['schemas']['RequestOptions'];
export type Descriptor = components['schemas']['Descriptor'];
export type Extensions = components['schemas']['Extensions'];
export type PrfInputs = components['schemas']['PrfInputs'];
export type PrfValues = components['schemas']['PrfValues'];
export type RegistrationMode = components['schemas']['RegistrationMode'];
export type RegisterRequest = components['schemas']['RegisterRequest'];
export type Registered = components['schemas']['Registered'];
export type UserView = components['schemas']['UserView'];
export type LoginRequest = components['schemas']['LoginRequest'];
export type Assertion = components['schemas']['Assertion'];
export type AssertionPart = components['schemas']['AssertionPart'];
export type LoggedIn = components['schemas']['LoggedIn'];
export type PasswordRequest = components['schemas']['PasswordRequest'];
export type RecoverRequest = components['schemas']['RecoverRequest'];
export type Recovered = components['schemas']['Recovered'];
export type ConfirmRequest = components['schemas']['ConfirmRequest'];
export type NewRecoveryCode = components['schemas']['NewRecoveryCode'];
export type Factors = components['schemas']['Factors'];
export type PasskeyView = components['schemas']['PasskeyView'];
export type TotpOffer = components['schemas']['TotpOffer'];
export type TotpRemoveRequest = components['schemas']['TotpRemoveRequest'];
export type TotpConfirmRequest = components['schemas']['TotpConfirmRequest'];
export type BackupCodes = components['schemas']['BackupCodes'];
export type BackupCodesRequest = components['schemas']['BackupCodesRequest'];
export type EmailRequest = components['schemas']['EmailRequest'];
export type EmailAnswer = components['schemas']['EmailAnswer'];
export type PasskeyRequest = components['schemas']['PasskeyRequest'];
export type NewCredential = components['schemas']['NewCredential'];
export type AttestationPart = components['schemas']['AttestationPart'];
export type PasskeyAdded = components['schemas']['PasskeyAdded'];
export type PasskeyOptionsRequest = components['schemas']['PasskeyOptionsRequest'];
export type CreationOptions = components['schemas']['CreationOptions'];
export type RpEntity = components['schemas']['RpEntity'];
export type UserEntity = components['schemas']['UserEntity'];
export type Algorithm = components['schemas']['Algorithm'];
export type Selection = components['schemas']['Selection'];
export type PasskeyLoginRequest = components['schemas']['PasskeyLoginRequest'];
export type Sessions = components['schemas']['Sessions'];
export type OpenSession = components['schemas']['OpenSession'];
export type Tokens = components['schemas']['Tokens'];
export type TokenView = components['schemas']['TokenView'];
export type TokenRequest = components['schemas']['TokenRequest'];
export type TokenIssued = components['schemas']['TokenIssued'];
export type ChatRequest = components['schemas']['ChatRequest'];
export type ChatAnswer = components['schemas']['ChatAnswer'];
export type RenameRequest = components['schemas']['RenameRequest'];
export type Deleted = components['schemas']['Deleted'];
export type MessageRequest = components['schemas']['MessageRequest'];
export type MessageAnswer = components['schemas']['MessageAnswer'];
export type StatusRequest = components['schemas']['StatusRequest'];
export type StatusAnswer = components['schemas']['StatusAnswer'];
export type UploadAnswer = components['schemas']['UploadAnswer'];
export type AcceptedFile = components['schemas']['AcceptedFile'];
export type RejectedFile = components['schemas']['RejectedFile'];
export type FileView = components['schemas']['FileView'];
export type AudioView = components['schemas']['AudioView'];
export type PositionAnswer = components['schemas']['PositionAnswer'];
export type TranscriptAnswer = components['schemas']['TranscriptAnswer'];
export type Segment = components['schemas']['Segment'];
export type UserDataAnswer = components['schemas']['UserDataAnswer'];
export type SessionView = components['schemas']['SessionView'];
export type ChatView = components['schemas']['ChatView'];
export type MessageView = components['schemas']['MessageView'];
export type ImportAnswer = components['schemas']['ImportAnswer'];
export type EventsAnswer = components['schemas']['EventsAnswer'];
export type EventView = components['schemas']['EventView'];
export type Overview = components['schemas']['Overview'];
export type HealthView = components['schemas']['HealthView'];
export type Standstill = components['schemas']['Standstill'];
export type LogView = components['schemas']['LogView'];
export type ProjectionView = components['schemas']['ProjectionView'];
export type JobsView = components['schemas']['JobsView'];
export type QueueView = components['schemas']['QueueView'];
export type FailedJobView = components['schemas']['FailedJobView'];
export type StorageView = components['schemas']['StorageView'];
export type CountView = components['schemas']['CountView'];
export type CheckpointView = components['schemas']['CheckpointView'];
export type BackupView = components['schemas']['BackupView'];
export type SettingsView = components['schemas']['SettingsView'];
export type RetryAccepted = components['schemas']['RetryAccepted'];
export type ProblemCode = components['schemas']['ProblemCode'];
export type StreamEvents = components['schemas']['StreamEvents'];
export type $defs = Record<string, never>;
export interface operations {
    get_registration: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Anybody, whoever has an invitation, nobody */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegistrationMode"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_register: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterRequest"];
            };
        };
        responses: {
            /** @description The account, its recovery code and a session */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Registered"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_login: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description A session */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_logout: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session is closed; its token opens nothing any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_password: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordRequest"];
            };
        };
        responses: {
            /** @description Changed; all other sessions are closed, and with `close_tokens` all API tokens */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_recover: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecoverRequest"];
            };
        };
        responses: {
            /** @description The account, its next recovery code and a session */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recovered"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_recovery_code: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmRequest"];
            };
        };
        responses: {
            /** @description The new code, shown this once; the old one opens nothing any more */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewRecoveryCode"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_factors: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the account asks for besides the password, and what opens it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Factors"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_totp: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmRequest"];
            };
        };
        responses: {
            /** @description Its secret, which asks for nothing until a first code has confirmed it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotpOffer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_auth_totp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TotpRemoveRequest"];
            };
        };
        responses: {
            /** @description Nothing asks for it any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_totp_confirm: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TotpConfirmRequest"];
            };
        };
        responses: {
            /** @description From here on it is asked for; back-up codes for the day it is lost */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackupCodes"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_backup_codes: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BackupCodesRequest"];
            };
        };
        responses: {
            /** @description Ten new ones, shown this once; those of before are void */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackupCodes"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_email: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailRequest"];
            };
        };
        responses: {
            /** @description The new one signs in from now on; the old one is free for others */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_passkeys: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeyRequest"];
            };
        };
        responses: {
            /** @description It signs in from now on, by itself or beside the password */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyAdded"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_passkeys_options: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeyOptionsRequest"];
            };
        };
        responses: {
            /** @description What `credentials.create()` takes; good for five minutes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreationOptions"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_passkeys_challenge: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What `credentials.get()` takes; good for five minutes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestOptions"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_passkeys_login: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeyLoginRequest"];
            };
        };
        responses: {
            /** @description A session */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_auth_passkeys_passkey_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                passkey_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmRequest"];
            };
        };
        responses: {
            /** @description It opens nothing any more; sessions that it opened stay */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sessions"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_auth_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All sessions are closed, this one too; no token opens anything any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_auth_sessions_session_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Closed, or closed before */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_seal: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every session and every API token is closed, this session too */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_tokens: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description The token, shown this once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenIssued"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_auth_tokens_token_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It opens nothing any more, anywhere */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_chats: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatRequest"];
            };
        };
        responses: {
            /** @description The chat */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_chats_chat_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its key is destroyed: messages and title cannot be opened again */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_chats_chat_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chat_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenameRequest"];
            };
        };
        responses: {
            /** @description The chat */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_messages: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MessageRequest"];
            };
        };
        responses: {
            /** @description Durable */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_messages_message_id_status: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                message_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StatusRequest"];
            };
        };
        responses: {
            /** @description The status now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_upload_files: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: uuid */
                    chat_id?: string;
                    /** Format: uuid */
                    message_id?: string;
                    files: string[];
                };
            };
        };
        responses: {
            /** @description Durable; each file is being sealed */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_upload_audio: {
        parameters: {
            query?: {
                /** @description Name of a raw body. */
                name?: string;
            };
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: uuid */
                    chat_id?: string;
                    /** Format: uuid */
                    message_id?: string;
                    files: string[];
                };
                "audio/*": string;
            };
        };
        responses: {
            /** @description Durable; being sealed */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_uploads: {
        parameters: {
            query?: never;
            header: {
                /** @description The protocol's version. */
                "Tus-Resumable": "1.0.0";
                /** @description Bytes of the whole upload. */
                "Upload-Length"?: string;
                /** @description Instead, when it is not known yet. */
                "Upload-Defer-Length"?: "1";
                /** @description `filename`, `filetype`, `kind`, `chat_id`, `message_id`, each with its value in Base64, with commas between. Others are kept and given back. */
                "Upload-Metadata"?: string;
                /** @description `partial`, or `final;` and the URLs of the parts. */
                "Upload-Concat"?: string;
                /** @description `sha1` or `sha256`, a space, and the digest of this body in Base64. */
                "Upload-Checksum"?: string;
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/offset+octet-stream": string;
            };
        };
        responses: {
            /** @description It is there */
            201: {
                headers: {
                    Location?: string;
                    "Upload-Offset"?: string;
                    "Upload-Expires"?: string;
                    "Strongroom-File-Id"?: string;
                    "Strongroom-Position"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another version of tus */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Somebody else is at it */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The checksum does not match */
            460: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    options_uploads: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the headers */
            204: {
                headers: {
                    "Tus-Version"?: string;
                    "Tus-Extension"?: string;
                    "Tus-Max-Size"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_uploads_upload_id: {
        parameters: {
            query?: never;
            header: {
                /** @description The protocol's version. */
                "Tus-Resumable": "1.0.0";
            };
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone, and the file that it may have become */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another version of tus */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Somebody else is at it */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    options_uploads_upload_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the headers */
            204: {
                headers: {
                    "Tus-Version"?: string;
                    "Tus-Extension"?: string;
                    "Tus-Max-Size"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    head_uploads_upload_id: {
        parameters: {
            query?: never;
            header: {
                /** @description The protocol's version. */
                "Tus-Resumable": "1.0.0";
            };
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the headers */
            200: {
                headers: {
                    "Upload-Offset"?: string;
                    "Upload-Expires"?: string;
                    "Strongroom-File-Id"?: string;
                    "Strongroom-Position"?: string;
                    "Upload-Length"?: string;
                    "Upload-Defer-Length"?: string;
                    "Upload-Metadata"?: string;
                    "Upload-Concat"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another version of tus */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Somebody else is at it */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_uploads_upload_id: {
        parameters: {
            query?: never;
            header: {
                /** @description The protocol's version. */
                "Tus-Resumable": "1.0.0";
                /** @description Where the upload stands. */
                "Upload-Offset": string;
                /** @description Bytes of the whole upload. */
                "Upload-Length"?: string;
                /** @description `sha1` or `sha256`, a space, and the digest of this body in Base64. */
                "Upload-Checksum"?: string;
            };
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/offset+octet-stream": string;
            };
        };
        responses: {
            /** @description Durable as far as the headers say */
            204: {
                headers: {
                    "Upload-Offset"?: string;
                    "Upload-Expires"?: string;
                    "Strongroom-File-Id"?: string;
                    "Strongroom-Position"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another version of tus */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Somebody else is at it */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The checksum does not match */
            460: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_files_file_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileView"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_files_file_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its keys are destroyed: it cannot be opened again */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_files_file_id_content: {
        parameters: {
            query?: {
                disposition?: "attachment" | "inline";
                /** @description `play`: a copy that shows its length and can be sought, where the original does not. `aac`: for players without Opus, made when first asked for. */
                rendition?: "aac" | "original" | "play";
            };
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of it, decrypted */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The range asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description What you have is what there is */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The range lies outside the file */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    head_files_file_id_content: {
        parameters: {
            query?: {
                disposition?: "attachment" | "inline";
                /** @description `play`: a copy that shows its length and can be sought, where the original does not. `aac`: for players without Opus, made when first asked for. */
                rendition?: "aac" | "original" | "play";
            };
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of it, decrypted */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description What you have is what there is */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_files_file_id_retry: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is being processed */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PositionAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_files_file_id_waveform: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description audiowaveform JSON, version 2, 8 bits */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What you have is what there is */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_files_file_id_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description At most 512 pixels on its longer side */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description What you have is what there is */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_files_file_id_transcript: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The transcript */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TranscriptAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_user: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmRequest"];
            };
        };
        responses: {
            /** @description Its keys are destroyed, every session has ended; its bytes follow */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_user_data: {
        parameters: {
            query?: {
                /** @description Comma-separated: chats, messages, files. */
                include?: string;
                chat_id?: string;
                /** @description Created at this time or later (RFC 3339). */
                since?: string;
                /** @description Created before this time (RFC 3339). */
                until?: string;
                role?: "assistant" | "system" | "user";
                kind?: "audio" | "file";
                /** @description How the media type begins. */
                mime?: string;
                status?: "delivered" | "error" | "processing" | "read" | "ready" | "sent";
                order?: "asc" | "desc";
                /** @description Words that all occur. */
                q?: string;
                limit?: number;
                cursor?: string;
                /** @description As it stood then: a position of the log, or a time (RFC 3339). What was deleted since is left out. */
                as_of?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page with `limit`, else everything */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDataAnswer"];
                    "application/x-ndjson": string;
                };
            };
            /** @description Nothing has changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_user_export: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A ZIP with all that is yours, decrypted */
            200: {
                headers: {
                    "Strongroom-Export-Bytes"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_user_import: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/zip": string;
            };
        };
        responses: {
            /** @description All of it is here; files are being sealed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request came from another site, or the password is wrong (`wrong_password`) */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another media type is needed */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_user_events: {
        parameters: {
            query?: {
                order?: "asc" | "desc";
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of your events, the oldest first unless asked otherwise */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventsAnswer"];
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_user_events_position_proof: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                position: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A proof as of c2sp.org/tlog-proof, with the event in it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; charset=utf-8": string;
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_stream: {
        parameters: {
            query?: {
                /** @description Position to go on after; `Last-Event-ID` counts before it. Without either, from now on. */
                after?: number;
            };
            header?: {
                /** @description The id of the last event received: what comes after it is sent. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events, until the session ends */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The request was not understood */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not acceptable */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many attempts */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_admin_overview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Health, queues, read tables, storage, checkpoint, backup, settings */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_admin_jobs_retry: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Asked for; a worker takes them within a second, if one lives */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetryAccepted"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_admin_jobs_job_id_retry: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again gives the same answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Asked for; a worker takes it within a second, if one lives */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetryAccepted"];
                };
            };
            /** @description No valid credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not there, or not yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It does not fit what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Busy; nothing was confirmed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
