// Sends bytes from standard input with tus-js-client in one of its modes; the file's id is the last line printed.
//   node send.mjs FRONTEND MODE ENDPOINT [STORE]        the token in TOKEN
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'

const [frontend, mode, endpoint, store] = process.argv.slice(2)
const tus = createRequire(`${frontend}/package.json`)('tus-js-client')
const MIB = 1 << 20

const pieces = []
for await (const piece of process.stdin) pieces.push(piece)
const data = Buffer.concat(pieces)

const common = {
  endpoint,
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
  metadata: { filename: 'sent.bin', filetype: 'application/octet-stream' },
  retryDelays: null,
}

function send(source, options, upload = null) {
  return new Promise((resolve, reject) => {
    const callbacks = {
      onSuccess: ({ lastResponse }) => resolve(lastResponse.getHeader('Strongroom-File-Id')),
      onError: reject,
    }
    upload ??= new tus.Upload(source, common)
    Object.assign(upload.options, { onChunkComplete: null }, options, callbacks)
    upload.start()
  })
}

// Stops as soon as the server has answered for some of it.
function begin(source, options, terminate = false) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(source, {
      ...common,
      ...options,
      chunkSize: MIB,
      onError: reject,
      onChunkComplete: (_size, accepted) => {
        if (accepted < 2 * MIB) return
        upload.abort(terminate).then(() => resolve(upload), reject)
      },
    })
    upload.start()
  })
}

const modes = {
  plain: () => send(data, {}),
  chunked: () => send(data, { chunkSize: MIB }),
  creation: () => send(data, { uploadDataDuringCreation: true, chunkSize: MIB }),
  'creation-whole': () => send(data, { uploadDataDuringCreation: true }),
  override: () => send(data, { overridePatchMethod: true, chunkSize: MIB }),
  parallel: () => send(data, { parallelUploads: 3 }),
  'parallel-chunked': () => send(data, { parallelUploads: 4, chunkSize: MIB }),
  deferred: () => send(Readable.from(cut(data, 300_001)), { uploadLengthDeferred: true, chunkSize: MIB }),
  stream: () => send(Readable.from(cut(data, 70_001)), { uploadSize: data.length, chunkSize: MIB }),
  retry: () => {
    let told = false
    const onProgress = (sent) => {
      if (sent > MIB && !told) {
        told = true
        console.log('under way')
      }
    }
    return send(data, { chunkSize: MIB, retryDelays: Array(60).fill(250), onProgress })
  },
  again: async () => {
    const upload = await begin(data, {})
    return send(data, {}, upload)
  },
  previous: async () => {
    // A second program that finds in its store what the first one began.
    const fingerprint = async () => createHash('sha256').update(data).digest('hex')
    const stored = { urlStorage: new tus.FileUrlStorage(store), fingerprint, storeFingerprintForResuming: true }
    const first = await begin(data, stored)
    const second = new tus.Upload(data, { ...common, ...stored })
    const [known] = await second.findPreviousUploads()
    if (known.uploadUrl !== first.url) throw new Error('not found again')
    second.resumeFromPreviousUpload(known)
    const fileId = await send(data, {}, second)
    if (!fileId.includes(first.url.split('/').pop())) throw new Error('sent anew')
    return fileId
  },
  terminate: async () => {
    const upload = await begin(data, {}, true)
    const found = await fetch(upload.url, { method: 'HEAD', headers: { ...common.headers, 'Tus-Resumable': '1.0.0' } })
    return `gone ${found.status}`
  },
}

function* cut(buffer, size) {
  for (let at = 0; at < buffer.length; at += size) yield buffer.subarray(at, at + size)
}

console.log(await modes[mode]())
