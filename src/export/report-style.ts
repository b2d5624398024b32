/** Style of report.html: light and dark, readable on a phone, nothing loaded from anywhere. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#171b24;--soft:#5d6678;--line:#e3e6ec;--accent:#1f6feb;
--truth:#9aa3b2;--good:#2e9e6b;--warn:#d98a00;--bad:#d6404a;
--prepare:#7f8fa6;--track:#2f7ed8;--map:#2aa198;--optimise:#d9932b;--meshing:#b9639f}
@media(prefers-color-scheme:dark){:root{--bg:#0f131a;--card:#181d27;--ink:#e8ebf1;--soft:#98a2b5;--line:#2a313e;--accent:#62a0ff;
--truth:#717c90;--good:#3fbf86;--warn:#f0ac3c;--bad:#f26d75;
--prepare:#8695ad;--track:#5b9cf0;--map:#3dbdb1;--optimise:#e5aa50;--meshing:#d184ba}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1160px;margin:0 auto;padding:24px 16px 48px}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 14px;margin-bottom:18px}
h1{font-size:24px;line-height:1.2;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:15px;margin:0 0 10px;font-weight:600}
header p{margin:0;color:var(--soft);overflow-wrap:anywhere}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin-bottom:12px}
.tile,.card{background:var(--card);border:1px solid var(--line);border-radius:12px;min-width:0}
.tile{padding:12px 16px;flex:1 1 22%}
.tile b{display:block;font-size:23px;line-height:1.25;font-weight:650;letter-spacing:-.02em;white-space:nowrap;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:13px;display:block}
.tile em{font-style:normal;color:var(--soft);font-size:12.5px;display:block}
.tile.good b{color:var(--good)}.tile.warn b{color:var(--warn)}.tile.bad b{color:var(--bad)}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:12px;margin-bottom:12px;align-items:start}
.card{padding:14px 16px 12px;margin-bottom:12px;overflow:hidden}.grid .card{margin:0}
.card>p{margin:6px 0 0;color:var(--soft);font-size:13px}
.picture{padding:0}.picture img{display:block;width:100%;height:auto}.picture p{margin:0;padding:9px 16px}
.frames h3{margin:12px 0 0;font-size:14px;font-weight:600}.frames .row{display:flex;flex-wrap:wrap;gap:8px;margin-top:6px}
.frames p{margin:2px 0 0;color:var(--soft);font-size:13px}.frames figure{margin:0;flex:1 1 150px;max-width:320px}.frames img{display:block;width:100%;height:auto;border-radius:5px}
.frames figcaption{color:var(--soft);font-size:12.5px}
.notice{border-left:4px solid var(--warn)}.notice.bad{border-left-color:var(--bad)}.notice ul{margin:0;padding-left:18px;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto;font-size:12px;font-variant-numeric:tabular-nums}
svg text{fill:var(--soft)}
.states svg{height:26px;border-radius:5px}.ticks{display:flex;justify-content:space-between;color:var(--soft);font-size:12.5px}.states th{width:30%}
.halo{fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
line.grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
.mark{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:5 4;opacity:.75}
.estimate{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.truth{fill:none;stroke:var(--truth);stroke-width:5;stroke-linejoin:round;stroke-linecap:round;opacity:.75}
.area{fill:var(--accent);opacity:.13}.bar{fill:none;stroke:var(--soft);stroke-width:1.5}
.start{fill:var(--card);stroke:var(--accent);stroke-width:2.5}.end{fill:var(--accent)}
.stage-prepare{fill:var(--prepare)}.stage-track{fill:var(--track)}.stage-map{fill:var(--map)}.stage-optimise{fill:var(--optimise)}.stage-mesh{fill:var(--meshing)}
.fill-tracking{fill:var(--good)}.fill-degraded{fill:var(--warn)}.fill-lost{fill:var(--bad)}
.legend{display:flex;flex-wrap:wrap;gap:3px 14px}.legend span{white-space:nowrap}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;vertical-align:-1px}
.bg-prepare{background:var(--prepare)}.bg-track{background:var(--track)}.bg-map{background:var(--map)}.bg-optimise{background:var(--optimise)}.bg-mesh{background:var(--meshing)}
.bg-tracking{background:var(--good)}.bg-degraded{background:var(--warn)}.bg-lost{background:var(--bad)}
.bg-estimate{background:var(--accent)}.bg-truth{background:var(--truth)}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
td,th{text-align:left;padding:5px 10px 5px 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{font-weight:500;color:var(--soft);width:46%}tr:first-child td,tr:first-child th{border-top:0}
details summary{cursor:pointer;font-weight:600}details pre{margin:10px 0 0}
pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;color:var(--soft)}
@media(max-width:560px){main{padding:16px 10px 32px}.tiles{gap:8px}.tile{padding:10px 11px;flex-basis:40%}.tile b{font-size:19px}.card:not(.picture){padding:12px 12px 10px}h1{font-size:20px}svg{font-size:14px}}
@media print{body{background:#fff}.card,.tile{break-inside:avoid}}
`;
