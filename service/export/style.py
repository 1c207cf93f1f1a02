"""How an exported page looks: the colours and sizes of the web client, in both themes."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

CSS: Final = """
:root { color-scheme: light dark;
  --paper: light-dark(#faf8f3, #1b1916); --raised: light-dark(#ffffff, #25221e); --line: light-dark(#e2dccf, #3a352d);
  --text: light-dark(#221f19, #eee9df); --quiet: light-dark(#575145, #b9b0a0); --accent: light-dark(#0c5453, #74c7be);
  --accent-soft: light-dark(#dfeeea, #1e3634); --loss: light-dark(#94201a, #f39d94); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76ch; padding: 32px 20px 64px; background: var(--paper); color: var(--text);
  font: 0.9375rem/1.5 Inter, system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1, h2 { font-size: 1.1875rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
h2 { margin: 32px 0 8px; }
h2.day { font-size: 0.8125rem; font-weight: 500; color: var(--quiet); text-align: center; margin: 28px 0 12px; }
p { margin: 0; }
a { color: var(--accent); text-underline-offset: 3px; overflow-wrap: anywhere; }
a:focus-visible, audio:focus-visible, video:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); font-size: 0.8125rem; }
.loss { color: var(--loss); }
nav { display: flex; gap: 16px; flex-wrap: wrap; margin: 0 0 20px; font-size: 0.8125rem; }
nav:last-child { margin: 24px 0 0; }
ul { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 10px;
  background: var(--raised); }
li { padding: 10px 14px; border-top: 1px solid var(--line); }
li:first-child { border-top: 0; }
li .quiet { display: block; }
li figure { margin: 0; }
li figcaption { font-size: inherit; color: inherit; }
li figure :is(img, audio, video) { margin: 4px 0 8px; }
article { border: 1px solid var(--line); border-radius: 10px; background: var(--raised); padding: 10px 14px;
  margin: 8px 0; }
article.user { background: var(--accent-soft); margin-inline-start: 12%; }
article.assistant, article.file { margin-inline-end: 12%; }
article header { display: flex; justify-content: space-between; gap: 12px; color: var(--quiet);
  font-size: 0.8125rem; }
.said { white-space: pre-wrap; overflow-wrap: anywhere; }
figure { margin: 8px 0 0; }
figure img, figure video { display: block; max-width: 100%; max-height: 70vh; border-radius: 6px; }
figure audio { display: block; width: 100%; }
figcaption { font-size: 0.8125rem; color: var(--quiet); margin-top: 4px; }
@media print { body { max-width: none; } article { break-inside: avoid; } }
"""
STYLE_SOURCE: Final = f"sha256-{base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()}"
"""What a page's policy names instead of letting in any style."""
