/** The look of the page: both schemes, phones and paper. */
import { partTint } from '../../charts/marks.js'
import { darkPalette, lightPalette, type Palette } from '../../charts/palette.js'
import { Markup } from '../markup.js'

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')

/** Without comments or markup characters: it stands in a style element as it is. */
export const style = new Markup(`
:root{color-scheme:light dark;${variables(lightPalette)}}
@media screen and (prefers-color-scheme:dark){:root{${variables(darkPalette)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
header.page,main,footer{max-width:1080px;margin:0 auto;padding:0 32px}
header.page{padding-top:48px}
h1{margin:0;font-size:28px;line-height:1.2;font-weight:680;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{margin:0 0 16px;font-size:17px;line-height:1.3;font-weight:650;letter-spacing:-.005em;overflow-wrap:anywhere}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.period{margin:6px 0 0;color:var(--quiet)}
.doubt{margin:6px 0 0;font-size:14px}
.doubt a{color:var(--caution)}
section{margin:40px 0 0}
.headline{margin-top:28px}
.headline>h2{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:12px;margin:0}
.card{display:flex;flex-direction:column;justify-content:space-between;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;min-width:0}
.card dt{color:var(--quiet);font-size:13px;line-height:1.35}
.card dd{margin:4px 0 0;display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 10px}
.card .value{font-size:20px;font-weight:620;line-height:1.2;letter-spacing:-.01em;overflow-wrap:anywhere}
.card.lead{grid-column:span 2;grid-row:span 2;justify-content:center}
.card.lead .value{font-size:44px;font-weight:680;letter-spacing:-.03em}
dt::first-letter,.sides tbody th::first-letter,thead th::first-letter,figcaption span::first-letter,footer p::first-letter{text-transform:uppercase}
.change{font-size:13px;font-weight:600;padding:1px 8px;border-radius:99px;background:var(--paper);color:var(--quiet);white-space:nowrap}
.change.good{background:var(--goodPaper);color:var(--good)}
.change.caution{background:var(--cautionPaper);color:var(--caution)}
.change.bad{background:var(--badPaper);color:var(--bad)}
.good{color:var(--good)}
.caution{color:var(--caution)}
.bad{color:var(--bad)}
.quiet{color:var(--quiet)}
.lines{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:6px 16px}
.lines>div{display:grid;grid-template-columns:minmax(120px,240px) 1fr;gap:4px 20px;padding:8px 0;border-top:1px solid var(--line)}
.lines>div:first-child{border-top:0}
.lines dt{color:var(--quiet)}
.lines dd{margin:0;overflow-wrap:anywhere}
.findings{list-style:none;margin:0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:10px}
.findings li{display:grid;grid-template-columns:84px 1fr;gap:4px 12px;align-items:baseline;padding:11px 16px;border-top:1px solid var(--line);overflow-wrap:anywhere}
.findings li:first-child{border-top:0}
.findings li>span:last-child{max-width:86ch}
.findings code{display:block;margin-top:4px}
code{font:12.5px/1.5 ui-monospace,Menlo,Consolas,monospace;color:var(--quiet);overflow-wrap:anywhere;user-select:all}
.news{margin:24px 0 0;font-size:21px;line-height:1.4;font-weight:600;letter-spacing:-.01em;max-width:46ch;overflow-wrap:anywhere}
.said{margin:0 0 12px}
.sticky{position:sticky;top:0;z-index:2;background:var(--paper);border-bottom:1px solid var(--line);padding:6px 0}
.sticky ul{flex-wrap:nowrap;overflow-x:auto;white-space:nowrap}
section{scroll-margin-top:56px}
details.part>div{scroll-margin-top:100px}
.lists{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:12px}
.lists>div{min-width:0}
.parts{margin-top:40px;border-bottom:1px solid var(--line)}
details.part{border-top:1px solid var(--line);padding:4px 0}
details.part[open]{padding-bottom:24px}
details.part>summary{padding:10px 0;margin:0;color:var(--ink)}
details.part>summary h2{display:inline;margin:0}
.badge{justify-self:start;font-size:12px;font-weight:650;line-height:1.5;padding:1px 8px;border-radius:99px;background:var(--paper);color:var(--quiet)}
.warning .badge{background:var(--cautionPaper);color:var(--caution)}
.critical .badge{background:var(--badPaper);color:var(--bad)}
nav{margin:32px 0 0;font-size:14px}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:0;padding:0}
nav a{display:inline-block;padding:4px 0;text-decoration-color:var(--line);text-underline-offset:4px}
figure{margin:0 0 16px;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px}
.chart svg{display:block;width:100%;height:auto}
.narrow{display:none}
figcaption{display:flex;flex-wrap:wrap;gap:4px 20px;margin-top:10px;font-size:13px;color:var(--quiet)}
figcaption span{display:inline-flex;align-items:center;gap:8px}
.standing{list-style:none;margin:10px 0 0;padding:0;font-size:13px;overflow-wrap:anywhere}
.standing li{padding-left:18px;position:relative}
.standing li::before{content:"";position:absolute;left:1px;top:.5em;border:5px solid transparent;border-top:7px solid var(--bad);border-bottom:0}
.key{display:inline-block;width:12px;height:12px;border-radius:3px;background:var(--accent)}
.key.mark{background:var(--bad)}
.key.partial{background:var(--faint);border:1px dashed var(--accent)}
.key.band{background:var(--faint)}
.key.ghost{background:var(--line);border:1px solid var(--quiet)}
${[1, 2, 3, 4, 5].map((place) => `.key.tint${place}{opacity:${partTint(place)}}`).join('\n')}
.key.expected,.key.bound{height:0;width:18px;border-radius:0;background:none;border-top:2px dashed var(--ink)}
.key.bound{border-top:2px dotted var(--caution)}
details>summary{cursor:pointer;color:var(--accent);font-size:14px;padding:4px 0;margin-bottom:8px}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:14px;line-height:1.4}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
th,td{padding:8px 14px;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--quiet);font-weight:550;font-size:13px;vertical-align:bottom}
tbody th{font-weight:550}
.words{display:inline-block;max-width:44ch;overflow-wrap:break-word}
.time,.short{white-space:nowrap}
.sides thead th{min-width:12ch}
.more{display:none;margin:8px 0 0;color:var(--quiet);font-size:13px}
thead th:first-child,tbody th,tfoot th:first-child{position:sticky;left:0;background:var(--card);z-index:1}
.number{text-align:right;white-space:nowrap}
thead .number{white-space:normal}
tfoot th,tfoot td{font-weight:650;border-top:1px solid var(--quiet)}
.share>div{display:flex;align-items:center;justify-content:flex-end;gap:10px}
.share>div>div{min-width:6ch}
.bar{flex:0 1 96px;min-width:36px;height:6px;border-radius:3px}
.bar rect{fill:var(--accent)}
.bar .track{fill:var(--line)}
.gauge{height:12px;overflow:visible}
.gauge.over rect:not(.track){fill:var(--bad)}
.gauge path{stroke:var(--ink);stroke-width:2;vector-effect:non-scaling-stroke}
.spark{display:block}
.blocks{list-style:none;margin:0;padding:0}
.blocks li{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;overflow-wrap:anywhere}
.blocks li+li{margin-top:10px}
.blocks p{margin:4px 0 0;max-width:92ch}
.blocks .what{margin:0;font-weight:620}
.notes{margin:12px 0 0;padding:0 0 0 18px;color:var(--quiet);font-size:14px;max-width:92ch;overflow-wrap:anywhere}
.notes li{margin-top:4px}
.empty{margin:0;color:var(--quiet)}
footer{padding-top:24px;padding-bottom:56px;margin-top:48px;font-size:14px;color:var(--quiet);overflow-wrap:anywhere}
footer::before{content:"";display:block;border-top:1px solid var(--line);margin-bottom:24px}
footer h2{font-size:15px;color:var(--ink);margin-bottom:8px}
footer p{margin:4px 0 0;max-width:92ch}
.warnings{margin:0 0 12px;padding:12px 16px 12px 34px;border-radius:10px;background:var(--cautionPaper);color:var(--ink)}
.warnings li+li{margin-top:4px}
@media screen and (min-width:641px){
.dense{font-size:13px}
.dense th,.dense td{padding:8px 7px}
.dense th:first-child{padding-left:14px}
.dense th:last-child,.dense td:last-child{padding-right:14px}
.dense thead th{font-size:12.5px}
.dense .gauged>div{flex-direction:column-reverse;align-items:flex-end;gap:3px}
.dense .gauge{flex:none;width:56px}
}
@media (max-width:640px){
header.page,main,footer{padding-left:16px;padding-right:16px}
header.page{padding-top:28px}
h1{font-size:24px}
section{margin-top:32px}
.cards{grid-template-columns:1fr 1fr;gap:8px}
.card{padding:12px}
.card .value{font-size:18px}
.card.lead{grid-row:auto}
.card.lead .value{font-size:36px}
.lines>div{grid-template-columns:1fr}
.findings li{grid-template-columns:1fr;padding:12px}
figure{padding:12px}
.wide{display:none}
.narrow{display:block}
table{font-size:13.5px}
th,td{padding:8px 7px}
th:first-child,td:first-child{padding-left:12px}
th:last-child,td:last-child{padding-right:12px}
.words{max-width:42vw}
tbody th .words{max-width:32vw;white-space:normal}
.optional{display:none}
.share>div{flex-direction:column-reverse;align-items:flex-end;gap:3px}
.bar{flex:none;width:44px;min-width:0;height:4px}
.gauge{height:10px}
.more{display:block}
}
@page{size:A4;margin:14mm}
@page broad{size:A4 landscape;margin:12mm}
@media print{
:root{color-scheme:light}
html{scroll-behavior:auto}
body{background:none;font-size:9.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
header.page,main,footer{max-width:none;padding:0}
header.page{padding-top:0}
section{margin-top:7mm}
nav,.doubt{display:none}
.sticky{position:static}
.wide{display:block}
.wide svg{font-size:14px}
.narrow{display:none}
h2{break-after:avoid}
.cards{grid-template-columns:repeat(4,1fr)}
.broad{page:broad}
.broad table{font-size:7pt}
.words{max-width:34ch;overflow-wrap:anywhere}
.time,.short{white-space:normal}
.card,figure,tr,.blocks li,.findings li,.notes li{break-inside:avoid}
.table:not(:has(tr:nth-child(18))):not(:only-of-type){break-inside:avoid}
.card.lead .value{font-size:28pt}
.card .value{font-size:13pt}
.scroll{overflow:visible;border:0}
table{font-size:7.5pt}
thead th{font-size:7pt}
th,td{padding:1.3mm .9mm}
thead{display:table-header-group}
thead th:first-child,tbody th,tfoot th{position:static}
.bar{flex-basis:14mm;min-width:6mm}
.share>div{gap:1.5mm}
.share>div>div{min-width:0}
details::details-content{content-visibility:visible;display:block}
details:not(.part)>summary{display:none}
}
`)
