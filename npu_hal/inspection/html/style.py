"""The page's style sheet: light and dark by the reader's preference, tables as cards on narrow screens."""

STYLE_SHEET = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --panel: #f5f6f8; --ink: #1c2128; --faint: #5b6472; --line: #d5d9e0; --link: #0b5cad;
  --device: #1769aa; --device-soft: #dcebf8; --fallback: #b45f06; --fallback-soft: #fbe9d3;
  --runtime: #6b7280; --runtime-soft: #e6e8ec; --tensor-soft: #ffffff; --mark: #fff3b0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171c; --panel: #1d2229; --ink: #e6e9ee; --faint: #9aa4b2; --line: #363d48; --link: #7db7f0;
    --device: #5aa9e6; --device-soft: #17324a; --fallback: #e6a04f; --fallback-soft: #45300f;
    --runtime: #9aa4b2; --runtime-soft: #2b3139; --tensor-soft: #14171c; --mark: #4f4610;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 1280px; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
p { margin: .4rem 0; max-width: 80ch; }
a { color: var(--link); }
.faint { color: var(--faint); font-size: .9rem; }
.verdict { font-size: 1.1rem; margin: 1rem 0; padding: .75rem 1rem; border-left: 4px solid var(--device);
  background: var(--panel); max-width: none; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: .75rem; margin: 1rem 0; }
.fact { background: var(--panel); border-radius: 6px; padding: .6rem .8rem; }
.fact b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.fact span { color: var(--faint); font-size: .85rem; }
.bar { display: flex; height: 1.1rem; border-radius: 4px; overflow: hidden; background: var(--runtime-soft); }
.bar i { display: block; min-width: 0; }
.share { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr minmax(4rem, auto); gap: .75rem;
  align-items: center; margin: .35rem 0; }
.share span:last-child { text-align: right; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0; font-size: .9rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .4rem;
  border: 1px solid; vertical-align: -.05rem; }
.on-device { background: var(--device); fill: var(--device-soft); border-color: var(--device); stroke: var(--device); }
.on-fallback { background: var(--fallback); fill: var(--fallback-soft); border-color: var(--fallback);
  stroke: var(--fallback); }
.on-runtime { background: var(--runtime); fill: var(--runtime-soft); border-color: var(--runtime);
  stroke: var(--runtime); }
.on-nobody { background: none; fill: none; border-color: var(--faint); stroke: var(--faint); stroke-dasharray: 3 3; }
.drawing { overflow: auto; max-height: 80vh; border: 1px solid var(--line); border-radius: 6px;
  background: var(--panel); }
.drawing svg { display: block; margin: 0 auto; }
.drawing text { fill: var(--ink); font-size: 12px; text-anchor: middle; }
.drawing text.small { fill: var(--faint); font-size: 10.5px; }
.drawing path { fill: none; stroke: var(--faint); stroke-width: 1.2; }
.drawing path.border { stroke: var(--fallback); stroke-width: 2.2; }
.drawing rect { stroke-width: 1.4; }
.drawing rect.tensor { fill: var(--tensor-soft); stroke: var(--faint); }
.drawing a:hover rect { stroke-width: 3; }
.drawing a { text-decoration: none; }
.timeline svg { display: block; width: 100%; height: 2rem; background: var(--runtime-soft); border-radius: 4px; }
.timeline rect { fill: currentColor; stroke: var(--ground); stroke-width: .6; vector-effect: non-scaling-stroke; }
.timeline .on-device { color: var(--device); } .timeline .on-fallback { color: var(--fallback); }
.timeline .on-runtime { color: var(--runtime); }
.ends { display: flex; justify-content: space-between; color: var(--faint); font-size: .85rem;
  font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--faint); font-weight: 600; }
td.short { white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td .tag { display: inline-block; border-style: solid; border-width: 1px; border-radius: 3px; padding: 0 .35rem;
  background: none; white-space: nowrap; }
tr:target td { background: var(--mark); }
details > summary { cursor: pointer; color: var(--link); margin: .5rem 0; }
@media (max-width: 700px) {
  body { padding: .9rem; }
  .share { grid-template-columns: 1fr auto; } .share .bar { grid-column: 1 / -1; grid-row: 2; }
  thead { position: absolute; left: -9999px; }
  table, tbody, tr, td { display: block; width: 100%; }
  tr { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .35rem .6rem; }
  td, td.number, td.short { display: flex; gap: .75rem; justify-content: space-between; border: 0; padding: .12rem 0;
    text-align: right; white-space: normal; }
  td::before { content: attr(data-label); color: var(--faint); flex: none; text-align: left; }
  td:empty { display: none; }
  td > div { min-width: 0; }
}
@media print { .drawing { max-height: none; } }
"""
