#include "report/benchmark_sections.h"

namespace heddle::report {

std::string_view benchmark_style() {
  return R"css(
h4{font-size:.98rem;font-weight:650;margin:0;line-height:1.35}
section h3{margin:1.8em 0 .5em}
h3 small{font-size:.88rem}
.source{grid-template-columns:repeat(auto-fit,minmax(min(45%,170px),1fr));margin-top:16px}
.source dd{font-weight:400}
.source dd small{white-space:nowrap}
.lost{color:var(--wrong);font-weight:650}
.overall .words{white-space:normal;text-align:left;overflow-wrap:anywhere}
.overall thead th:nth-child(-n+2),.overall thead th:nth-child(4){text-align:left}
.overall small{display:block}
.overall th[scope=row]{overflow-wrap:anywhere;min-width:6em}
.overall td small{white-space:normal;overflow-wrap:anywhere}
.summary li{margin:.15em 0}

.contests{margin:1em 0 2em}
.contest{padding:.7em 0 .5em;border-top:1px solid var(--line);break-inside:avoid}
.ours{margin:0;color:var(--soft);font-size:.9rem}
.key-number{display:inline-block;min-width:1.5em;padding:0 .35em;text-align:center;border:1px solid var(--line);border-radius:4px;background:var(--card);font-size:.86em}
.ratios li,.ratio-axis{display:grid;grid-template-columns:minmax(0,270px) minmax(0,1fr) 190px;column-gap:22px;align-items:center}
.ladder .ratios li{grid-template-columns:minmax(0,270px) minmax(0,1fr) 220px}
.ratios li{padding:4px 0}
.who{line-height:1.3;min-width:0}
.who small,.who em,.outcome small{display:block}
.who em{font-size:.84em;color:var(--wrong);font-style:normal}
.outcome{line-height:1.3}
.outcome b{display:inline-block;min-width:2.6em}
.ladder .outcome b{min-width:4.6em}
.best{color:var(--right)}
.ladder .key-number{min-width:1.7em}
.reason{grid-column:2/-1;color:var(--soft);font-size:.9rem}
.track{position:relative;display:block;height:28px}
.track i{position:absolute;top:0;bottom:0}
.track .tick{width:1px;background:var(--grid)}
.track .even{width:2px;margin-left:-1px;background:var(--soft)}
.track .gain,.track .time,.track .loss{top:6px;bottom:6px}
.track .gain,.track .time{background:var(--accent);opacity:.72}
.is-best .time{background:var(--right)}
.track .loss{border:1.5px solid var(--wrong);background:repeating-linear-gradient(135deg,var(--wrong) 0 2px,transparent 2px 6px)}
.track .reach{top:9px;bottom:9px;border:solid var(--ink);border-width:0 1.5px;background:linear-gradient(var(--ink),var(--ink)) center/100% 1.5px no-repeat}
.track .cut-low{border-left-style:dotted}
.track .cut-high{border-right-style:dotted}
.ratio-axis{height:1.7em;font-size:.8rem;color:var(--soft)}
.ratio-axis>div{position:relative;height:100%;grid-column:2}
.ratio-axis>div span{position:absolute;transform:translateX(-50%);white-space:nowrap;top:.2em}
.ratio-axis>div .first{transform:none}
.ratio-axis>div .last{transform:translateX(-100%)}
.ratio-axis .sides{grid-column:3;grid-row:1;display:flex;gap:1.2em}
.ratio-axis .sides b{font-weight:400}
.ratio-axis .sides b:first-child{color:var(--wrong)}

.roofline{max-width:860px;margin:1.2em 0 2.2em}
.roofline svg{display:block}
.roofline .scroll svg{width:100%;min-width:600px;height:auto}
.roofline text{font:12px var(--sans);fill:var(--soft)}
.roofline .under,.roofline .middle,.roofline .point-name{text-anchor:middle}
.roofline .beside{text-anchor:end}
.roofline .point-name{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.roofline .grid{stroke:var(--grid);fill:none}
.roofline .roof{fill:none;stroke:var(--ink);stroke-width:2}
.roofline .roof-name{fill:var(--ink)}
.leaders{fill:none;stroke:var(--soft);stroke-width:.8}
.mark-plain{fill:var(--accent)}
.mark-lost{fill:none;stroke:var(--wrong);stroke-width:2.6}
.mark-first{fill:var(--paper);stroke:var(--ink);stroke-width:1.8}
.mark-best{fill:var(--right)}
.roof-key{display:flex;flex-wrap:wrap;gap:.1em 1.4em;font-size:.86rem;color:var(--soft);margin:.3em 0}
.roof-key li{display:flex;align-items:center;gap:.45em}
.roof-key svg{width:12px;height:12px;flex:none}
.roof-key b{color:var(--ink)}
.numbers th[scope=row]{font-weight:400}
.rungs{border-top:1px solid var(--line);padding:.6em 0}
.absent li{border-top:1px solid var(--line);padding:.6em 0}
.absent p{margin:.1em 0}

@media (max-width:760px){
.ratios li,.ladder .ratios li{grid-template-columns:minmax(0,1fr) fit-content(46%);row-gap:0;padding:7px 0}
.ratios .track{grid-row:2;grid-column:1/-1}
.ratios .outcome{text-align:right}
.ratios .outcome b{min-width:0}
.reason{grid-column:1/-1}
.ratio-axis{display:block;height:auto}
.ratio-axis>div{height:1.7em}
.ratio-axis .sides{justify-content:space-between}
.overall,.overall tbody,.overall tr,.overall th,.overall td{display:block;text-align:left;padding:0;border:0}
.overall thead{display:none}
.overall tr{border-top:1px solid var(--line);padding:.6em 0}
.overall th[scope=row]{display:inline}
.overall td:first-of-type{display:inline;padding-left:.5em}
.overall td[data-name]::before{content:attr(data-name) ": ";color:var(--soft)}
}
.track,.key-number{-webkit-print-color-adjust:exact;print-color-adjust:exact}
)css";
}

}  // namespace heddle::report
