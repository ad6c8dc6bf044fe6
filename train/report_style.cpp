#include "train/report_sections.h"

namespace heddle::report {

// Besides base_style().
std::string_view page_style() {
  return R"css(
.threads{display:block;width:100%;height:44px}
.threads path{fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linecap:round}
.threads .text{stroke:var(--text)}.threads .image{stroke:var(--image)}.threads .audio{stroke:var(--audio)}
.chip{display:inline-flex;align-items:center;gap:.4em;min-width:0;max-width:100%}
.chip svg{width:.72em;height:.72em;flex:none}
.chip.text svg{fill:var(--text)}.chip.image svg{fill:var(--image)}.chip.audio svg{fill:var(--audio)}
.chip.other svg{fill:var(--soft)}
.plus{color:var(--soft)}

.subsets{margin-top:1.4em}
.subsets li,.subset-axis{display:grid;grid-template-columns:minmax(190px,max-content) minmax(0,1fr) 168px;column-gap:24px;align-items:center}
.subsets li{padding:5px 0}
.names{display:flex;min-width:0;flex-wrap:wrap;gap:0 .45em;width:230px}
.bar{display:block;width:100%;height:34px;overflow:visible}
.bar path{vector-effect:non-scaling-stroke;fill:none}
.grid{stroke:var(--grid);stroke-width:1;fill:none;vector-effect:non-scaling-stroke}
.reached{fill:var(--accent);fill-opacity:.62}
.best{stroke:var(--ink);stroke-width:3}
.whisker{stroke:var(--ink);stroke-width:1.25}
.subsets .value{line-height:1.25}
.subsets .value small{display:block}
.subset-axis{font-size:.8rem;color:var(--soft);height:1.6em}
.subset-axis>div{grid-column:2;position:relative;height:100%}
.subset-axis span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.subset-axis::before{content:"";width:230px}

.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:40px 48px;margin-top:1.2em}
.chart{min-width:0;container-type:inline-size}
.chart figcaption{display:flex;flex-wrap:wrap;gap:0 .7em;align-items:baseline}
.unit{color:var(--soft);font-size:.9rem}
.key{display:none;flex-wrap:wrap;gap:0 1.2em;font-size:.9rem;margin-top:.2em}
.key li{display:flex;align-items:center;gap:.45em}
.key svg{width:24px;height:8px}
.frame{display:grid;grid-template-columns:calc(var(--gutter)*.84 + 8px) minmax(0,1fr) max-content;grid-template-rows:250px 1.5em auto;column-gap:8px;margin-top:30px;font-size:.8rem;color:var(--soft)}
.y-ticks,.x-ticks,.plot,.ends{position:relative}
.y-ticks span{position:absolute;right:0;transform:translateY(50%);white-space:nowrap}
.x-ticks{grid-column:2}
.x-ticks span{position:absolute;top:.35em;transform:translateX(-50%);white-space:nowrap}
.x-label{grid-column:2;text-align:right;padding-top:.1em}
.plot svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.line,.every,.mark{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}
.line{stroke-width:2.25}
.every{stroke-width:1;opacity:.28}
.dot{stroke-width:8}
.mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}
.mark-label{position:absolute;top:-1.75em;white-space:nowrap;max-width:60%;overflow:hidden;text-overflow:ellipsis}
.mark-label.before{transform:translateX(-100%)}
path.s0{stroke:var(--s0)}path.s1{stroke:var(--s1)}path.s2{stroke:var(--s2)}
path.s3{stroke:var(--s3)}path.s4{stroke:var(--s4)}path.s5{stroke:var(--s5)}
.line.s1:not(.dot){stroke-dasharray:7 5}.line.s2:not(.dot){stroke-dasharray:2 5}.line.s3:not(.dot){stroke-dasharray:10 4 2 4}
.line.s4:not(.dot){stroke-dasharray:14 4}.line.s5:not(.dot){stroke-dasharray:4 3}
.ends{display:grid}
.ends span{position:absolute;left:2px;max-width:100%;transform:translateY(50%);line-height:1.2;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.ends span b{display:block;color:var(--ink)}
.ends .s0{color:var(--s0)}.ends .s1{color:var(--s1)}.ends .s2{color:var(--s2)}
.ends .s3{color:var(--s3)}.ends .s4{color:var(--s4)}.ends .s5{color:var(--s5)}
.ends{width:5.6rem}
@container (max-width:429px){.key{display:flex}.ends{display:none}.frame{grid-template-columns:calc(var(--gutter)*.84 + 8px) minmax(0,1fr);grid-template-rows:210px 1.5em auto;margin-right:14px}}
.empty{color:var(--soft);padding:2em 0}
.hair{position:absolute;top:0;bottom:0;width:1px;background:var(--soft);pointer-events:none}
.tip{position:absolute;z-index:2;top:6px;padding:.45em .7em;background:var(--card);color:var(--ink);border:1px solid var(--line);border-radius:6px;font-size:.84rem;line-height:1.4;pointer-events:none;width:max-content;max-width:100%}
.tip b{float:right;margin-left:1.1em}
.tip div::before{content:"";display:inline-block;width:.7em;height:.2em;margin:0 .5em .25em 0;background:var(--c,transparent)}

.explanation{display:block;max-width:60ch}
#metrics h3{margin-top:2.2em}
.seeds{width:auto;min-width:min(100%,460px)}
.seeds th,.seeds td{padding-right:1.8em;white-space:nowrap}
.seeds thead th:first-child{text-align:left}
.caution{margin-top:2.4em;padding:1.1em 1.3em;border:1px solid var(--line);border-left:5px solid var(--wrong);border-radius:4px;background:var(--card);max-width:760px}
#metrics .caution h3{margin:0}
.caution .figure{font-size:2rem;margin:.35em 0 .35em;white-space:normal}
.caution .figure small{font:400 1rem var(--sans);letter-spacing:0}
.caution p:last-child{margin:0}

.matrices{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:36px 48px;margin-top:1.2em}
.confusion{width:auto;border-collapse:separate;border-spacing:4px;margin-left:-4px}
.confusion caption{text-align:left;font-weight:600;padding:0 4px .4em}
.confusion th,.confusion td{border:0;padding:.4em .7em;text-align:center;font-weight:400}
.confusion th[scope=row]{text-align:right;color:var(--ink)}
.confusion thead th{padding:.1em .4em;color:var(--ink);font-size:.92rem}
.confusion th{white-space:nowrap;overflow-wrap:normal}
.confusion .axis,.confusion thead .margin,.confusion .margin{color:var(--soft);font-size:.86rem}
.confusion tfoot .margin{border:0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:0 64px}
.hit,.miss{min-width:104px;padding:.85em .6em!important;border-radius:4px;background:rgb(var(--tint)/calc(.04 + var(--p)*.4))}
.miss{background:rgb(var(--wrong-tint)/calc(.03 + var(--p)*.5))}
.hit{outline:2px solid var(--accent);outline-offset:-2px}
.hit b,.miss b{display:block;font-size:1.3rem;font-weight:600;line-height:1.2}
.hit small,.miss small{color:var(--ink)}
.many{font-size:.84rem;border-spacing:2px}
.many .hit,.many .miss{min-width:0;padding:.5em .3em!important}
.many .hit b,.many .miss b{font-size:1rem}

.scatter{max-width:560px;margin:1.2em 0 0}
.scatter svg{display:block;width:100%;height:auto}
.scatter text{fill:var(--soft);font:14px var(--sans)}
.scatter .grid{fill:none;stroke:var(--grid)}
.scatter .exact{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:6 5}
.scatter .dots{fill:none;stroke:var(--accent);stroke-width:7;stroke-linecap:round;stroke-opacity:.4}

#only-wrong{width:1.1em;height:1.1em;margin:0 .5em 0 0;vertical-align:-.15em;accent-color:var(--accent)}
#only-wrong:checked~.wall .sample:not(.wrong){display:none}
.wall{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,310px),1fr));gap:20px;margin-top:1.1em}
.sample{min-width:0;display:grid}
.sample article{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px 16px;display:flex;flex-direction:column;gap:10px;min-width:0}
.sample.wrong article{border:2px dashed var(--wrong);padding:13px 15px 15px}
.sample header{display:flex;justify-content:space-between;align-items:baseline;gap:1em;padding:0;font-size:.88rem}
.name{color:var(--soft);min-width:0}
.verdict{display:inline-flex;align-items:center;gap:.35em;white-space:nowrap;font-weight:650;font-size:.9rem}
.verdict svg{width:.95em;height:.95em;fill:none;stroke:currentColor;stroke-width:2.6;stroke-linecap:round;stroke-linejoin:round}
.right .verdict{color:var(--right)}
.wrong .verdict{color:var(--wrong)}
.media{display:flex;gap:12px;align-items:flex-start}
.media figcaption{font-size:.76rem;color:var(--soft);line-height:1.3;margin-top:4px}
.picture{flex:0 0 112px}
.picture img{display:block;width:112px;height:112px;object-fit:contain;border-radius:3px}
.spectrogram{flex:1 1 0;min-width:0}
.spectrogram img{display:block;width:100%;height:112px;border-radius:3px}
.crisp{image-rendering:crisp-edges;image-rendering:pixelated}
.words{font-family:var(--serif);font-size:1.14rem;line-height:1.62;margin:0}
.words span{unicode-bidi:isolate;padding:.1em .16em;margin:0 -.04em;border-radius:3px;background:rgb(var(--heat)/calc(var(--w)*var(--most)));-webkit-box-decoration-break:clone;box-decoration-break:clone}
.answer{display:flex;flex-wrap:wrap;gap:0 1.8em}
.answer dt{font-size:.8rem;color:var(--soft)}
.answer dd{font-weight:600;line-height:1.3}
.bars li{display:grid;grid-template-columns:minmax(72px,auto) minmax(25%,1fr) 3.2em;gap:10px;align-items:center;font-size:.86rem;line-height:1.6}
.bars .value{text-align:right}
.meter{display:block;height:7px;border-radius:4px;background:var(--grid);overflow:hidden}
.meter i{display:block;height:100%;background:var(--accent);opacity:.75}
.cues{margin:0;font-size:.82rem;color:var(--soft);display:flex;flex-wrap:wrap;gap:0 1.1em}
.cues b{color:var(--ink);font-weight:600}

.video{border-top:1px solid var(--line);padding:.8em 0}
.video:last-of-type{border-bottom:1px solid var(--line)}
.video summary span{color:var(--soft);margin-left:.5em}
.video .charts{margin-bottom:1.4em}
.attention img{display:block;width:min(250px,100%);height:auto;aspect-ratio:1}
.attention figcaption{font-size:.84rem;color:var(--soft);max-width:38ch;margin-top:6px}
.utterance{display:grid;grid-template-columns:2em minmax(0,1fr) 260px 5em;gap:2px 16px;padding:.55em 0 .55em 10px;border-top:1px solid var(--grid);border-left:4px solid transparent;align-items:baseline}
.utterance.wrong{border-left:4px dashed var(--wrong)}
.number{color:var(--soft)}
.said{font-family:var(--serif);font-size:1.06rem;line-height:1.4;unicode-bidi:isolate}
.told{line-height:1.35;font-size:.92rem}
.told small{display:block}
.utterance .bars{grid-column:2/-1;max-width:420px}

#run h3{margin:1.6em 0 .6em}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.55}
.command{position:relative;padding:.85em 1em;background:var(--card);border:1px solid var(--line);border-radius:6px}
.command button{float:right;font:inherit;font-family:var(--sans);margin:-.2em -.3em 0 1em;padding:.15em .7em;color:var(--accent);background:none;border:1px solid var(--line);border-radius:5px;cursor:pointer}
.machine{grid-template-columns:repeat(auto-fill,minmax(min(100%,150px),1fr))}
@media (min-width:761px){.machine{grid-template-columns:repeat(4,minmax(0,1fr))}}
.machine dd{font-weight:400}
.wide{grid-column:1/-1}
.configuration{margin-top:1.8em}
.configuration summary{font-weight:650}
.configuration pre{margin-top:.7em;padding:.85em 1em;background:var(--card);border:1px solid var(--line);border-radius:6px}
.configuration i{color:var(--soft)}
.configuration pre span{color:var(--accent)}
@media (max-width:760px){
.subsets li{grid-template-columns:minmax(0,1fr) fit-content(62%);row-gap:2px;padding:9px 0;align-items:end}
.subsets .bar{grid-row:2;grid-column:1/-1;height:28px}
.subsets .value{text-align:right}
.names{width:auto}
.subset-axis{display:block}
.subset-axis>div{margin:0}
.subset-axis span:first-child{transform:none}
.subset-axis span:last-child{transform:translateX(-100%)}
.hit,.miss{min-width:86px}
.utterance{grid-template-columns:1.6em minmax(0,1fr) max-content}
.said{grid-column:2/-1}
.told{grid-column:2}
}
.meter,.hit,.miss,.words span,.bar,.caution,.command{-webkit-print-color-adjust:exact;print-color-adjust:exact}
@media print{
.command button,#only-wrong,#only-wrong+label{display:none}
.sample,.chart,.caution,.subsets li,.utterance{break-inside:avoid}
}
)css";
}

}  // namespace heddle::report
