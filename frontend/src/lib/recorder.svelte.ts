/** The microphone: from the first word to a file handed over for upload. */

const EXTENSIONS: [type: string, extension: string][] = [
  ["audio/webm", "webm"],
  ["audio/mp4", "m4a"],
  ["audio/ogg", "ogg"],
];

function refusal(error: unknown): string {
  if (!(error instanceof DOMException)) return "Recording could not start.";
  switch (error.name) {
    case "NotAllowedError":
      return "The browser does not let this page use the microphone. Allow it beside the address, then try again.";
    case "NotFoundError":
      return "No microphone was found.";
    default:
      return "The microphone could not be opened; another program may be using it.";
  }
}

class Recorder {
  seconds = $state(0);
  recording = $state(false);
  problem = $state<string | null>(null);
  #media: MediaRecorder | null = null;

  /** `keep` gets the recording after `stop`, also when the microphone is taken away in between. */
  async start(keep: (file: File) => void): Promise<void> {
    this.problem = null;
    if (!window.isSecureContext) {
      this.problem = "Browsers open the microphone only for https pages and for localhost.";
      return;
    }
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      this.problem = refusal(error);
      return;
    }
    this.#record(stream, keep);
  }

  stop(): void {
    this.#media?.stop();
  }

  #record(stream: MediaStream, keep: (file: File) => void): void {
    const media = new MediaRecorder(stream);
    const pieces: Blob[] = [];
    const startedAtMs = performance.now();
    this.seconds = 0;
    const tick = setInterval(() => (this.seconds = (performance.now() - startedAtMs) / 1000), 250);
    media.ondataavailable = ({ data }) => pieces.push(data);
    media.onstop = () => {
      clearInterval(tick);
      for (const track of stream.getTracks()) track.stop();
      this.recording = false;
      const extension = EXTENSIONS.find(([type]) => media.mimeType.startsWith(type))?.[1] ?? "audio";
      const stamp = new Date().toLocaleString("sv").replaceAll(":", ".");
      keep(new File(pieces, `Voice ${stamp}.${extension}`, { type: media.mimeType }));
    };
    media.start();
    this.#media = media;
    this.recording = true;
  }
}

export const recorder = new Recorder();
