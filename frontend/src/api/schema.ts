/** Made from the OpenAPI document by `make types`. */

export interface paths {
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
         * @description The recovery code is shown this once. It is the only other way in besides the password.
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
        /** Sign in */
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
         * @description 403 `wrong_password` if the current one is not that; this session stays open all the same.
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
         * @description The code is used up: the new one is shown this once. All sessions that were open are closed.
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
        /** End an upload */
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
        };
        /** FieldError */
        FieldError: {
            field: string;
            message: string;
        };
        /** RegisterRequest */
        RegisterRequest: {
            username: string;
            email: string;
            /** Format: password */
            password: string;
            /** @default false */
            cookie?: boolean;
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
        /** Sessions */
        Sessions: {
            sessions: components["schemas"]["SessionView"][];
        };
        /** SessionView */
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
        /** PositionAnswer */
        PositionAnswer: {
            position: number;
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
         * ProblemCode
         * @description Stable: what a program may act on.
         * @enum {string}
         */
        ProblemCode: "bad_credentials" | "body_incomplete" | "body_too_large" | "busy" | "checksum_mismatch" | "conflict" | "cookie_needs_https" | "cross_site" | "email_taken" | "empty_message" | "file_too_large" | "idempotency_key_reused" | "internal_error" | "invalid_request" | "message_id_taken" | "method_not_allowed" | "no_files" | "no_rendition" | "no_transcript" | "not_found" | "not_ready" | "not_retryable" | "offset_conflict" | "processing_failed" | "quota_exceeded" | "range_not_satisfiable" | "rate_limited" | "status_backwards" | "storage_full" | "too_many_changes" | "too_many_files" | "too_many_streams" | "too_many_uploads" | "two_credentials" | "unknown_file" | "unsupported_media_type" | "unsupported_tus_version" | "upload_interrupted" | "upload_joined" | "upload_locked" | "upload_taken_over" | "upload_unfinished" | "username_taken" | "validation_failed" | "weak_password" | "wrong_password";
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
                /** @enum {unknown} */
                forgotten?: true;
            };
            SessionClosed?: {
                /** @enum {unknown} */
                reason: "closed" | "expired" | "logout" | "lost" | "password";
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, UTC, microseconds.
                 */
                at: string;
                /** Format: uuid */
                session_id: string;
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
export type RegisterRequest = components['schemas']['RegisterRequest'];
export type Registered = components['schemas']['Registered'];
export type UserView = components['schemas']['UserView'];
export type LoginRequest = components['schemas']['LoginRequest'];
export type LoggedIn = components['schemas']['LoggedIn'];
export type PasswordRequest = components['schemas']['PasswordRequest'];
export type RecoverRequest = components['schemas']['RecoverRequest'];
export type Recovered = components['schemas']['Recovered'];
export type ConfirmRequest = components['schemas']['ConfirmRequest'];
export type NewRecoveryCode = components['schemas']['NewRecoveryCode'];
export type Sessions = components['schemas']['Sessions'];
export type SessionView = components['schemas']['SessionView'];
export type ChatRequest = components['schemas']['ChatRequest'];
export type ChatAnswer = components['schemas']['ChatAnswer'];
export type RenameRequest = components['schemas']['RenameRequest'];
export type PositionAnswer = components['schemas']['PositionAnswer'];
export type MessageRequest = components['schemas']['MessageRequest'];
export type MessageAnswer = components['schemas']['MessageAnswer'];
export type StatusRequest = components['schemas']['StatusRequest'];
export type StatusAnswer = components['schemas']['StatusAnswer'];
export type UploadAnswer = components['schemas']['UploadAnswer'];
export type AcceptedFile = components['schemas']['AcceptedFile'];
export type RejectedFile = components['schemas']['RejectedFile'];
export type FileView = components['schemas']['FileView'];
export type AudioView = components['schemas']['AudioView'];
export type TranscriptAnswer = components['schemas']['TranscriptAnswer'];
export type Segment = components['schemas']['Segment'];
export type UserDataAnswer = components['schemas']['UserDataAnswer'];
export type ChatView = components['schemas']['ChatView'];
export type MessageView = components['schemas']['MessageView'];
export type EventsAnswer = components['schemas']['EventsAnswer'];
export type EventView = components['schemas']['EventView'];
export type ProblemCode = components['schemas']['ProblemCode'];
export type StreamEvents = components['schemas']['StreamEvents'];
export type $defs = Record<string, never>;
export interface operations {
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
            /** @description Changed; all other sessions are closed */
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
}
