"""The page's looks."""

from typing import Final

STYLE: Final = """
:root { --ink: #1f2933; --muted: #52606d; --rule: #e1e5ea; --accent: #0072B2; }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 3.2rem; }
body { margin: 0; font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  color: var(--ink); background: #f5f7f9; }
main { max-width: 74rem; margin: 0 auto; padding: 0 1rem 3rem; min-width: 0; }
nav { position: sticky; top: 0; z-index: 1100; display: flex; gap: 0.2rem; overflow-x: auto;
  padding: 0.35rem 1rem; background: rgba(255, 255, 255, 0.97);
  border-bottom: 1px solid var(--rule); }
nav a { flex: none; padding: 0.2rem 0.6rem; border-radius: 4px; color: var(--muted);
  text-decoration: none; font-size: 0.86rem; }
nav a:hover, nav a:focus { background: #e8eef4; color: var(--ink); }
header, section { background: white; border: 1px solid var(--rule); border-radius: 8px;
  padding: 0.9rem 1.2rem 1rem; margin-top: 1rem; min-width: 0; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 0.5rem; }
p { margin: 0.5rem 0; overflow-wrap: anywhere; }
.lead { font-size: 1.15rem; font-weight: 600; }
.note { color: var(--muted); font-size: 0.88rem; }
ul { margin: 0.5rem 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
li { margin: 0.15rem 0; }
.wide { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.87rem;
  margin: 0.3rem 0; }
th, td { padding: 0.28rem 0.7rem; border-bottom: 1px solid var(--rule); text-align: right;
  vertical-align: top; white-space: nowrap; }
thead th { color: var(--muted); font-weight: 600; border-bottom-color: #9aa5b1;
  vertical-align: bottom; }
.words { text-align: left; }
td.long { min-width: 18rem; white-space: normal; overflow-wrap: anywhere; }
th:first-child, td:first-child { padding-left: 0.3rem; position: sticky; left: 0;
  background: inherit; }
tr { background: white; } tr.best { background: #e6f4ef; } tr.baseline { background: #fdeee4; }
details { margin: 0.6rem 0; } summary { cursor: pointer; color: var(--accent); }
pre { overflow-x: auto; padding: 0.6rem 0.8rem; background: #f0f3f6; border-radius: 6px;
  font-size: 0.84rem; line-height: 1.45; }
.plots { display: grid; gap: 0.6rem 1rem; min-width: var(--least);
  grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--column)), 1fr)); }
figure { margin: 0.4rem 0 0; min-width: 0; }
figcaption { font-weight: 600; font-size: 0.92rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { padding: 0 0.5rem 2rem; }
  header, section { padding: 0.8rem 0.8rem; border-radius: 6px; }
  .lead { font-size: 1.05rem; }
  .glance table { font-size: 0.8rem; } .glance th, .glance td { padding: 0.28rem 0.35rem; }
  .glance th, .glance td { white-space: normal; }
}
@media print { nav { display: none; } section { break-inside: avoid-page; } }
"""
"""No address in it: fonts are the reader's own."""
