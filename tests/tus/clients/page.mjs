// What the browser is given: Uppy with its tus plugin, and tus-js-client as the page bundles it.
import Uppy from '@uppy/core'
import Tus from '@uppy/tus'
import * as tus from 'tus-js-client'

async function uppy(endpoint, token, blob, options) {
  const sender = new Uppy({ autoProceed: false }).use(Tus, {
    endpoint,
    headers: { Authorization: `Bearer ${token}` },
    ...options,
  })
  sender.addFile({ name: 'from Uppy.bin', type: 'application/octet-stream', data: blob })
  const { successful, failed } = await sender.upload()
  if (failed.length) throw new Error(failed[0].error)
  return successful[0].uploadURL
}

function plain(endpoint, token, blob, options) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(blob, {
      endpoint,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: 'from a page.bin' },
      ...options,
      onError: reject,
      onSuccess: ({ lastResponse }) => resolve(lastResponse.getHeader('Strongroom-File-Id')),
    })
    upload.start()
  })
}

globalThis.send = { uppy, plain }
