#include "report/page.h"

namespace heddle::report {

// Colours: the Okabe–Ito palette (M. Okabe and K. Ito, "Color Universal Design", 2008), darkened or
// lightened until it reads on the page, so that colour-blind readers can tell the lines apart;
// lines differ in dashes and modalities in shape besides.
std::string_view base_style() {
  return R"css(
:root{--paper:#faf8f4;--card:#fff;--ink:#1f242b;--soft:#5a616b;--line:#ddd8cd;--grid:#e9e5dc;
--accent:#0a5f96;--tint:10 95 150;--heat:230 159 0;--most:.58;--right:#006b52;--wrong:#ad3d07;--wrong-tint:213 94 0;
--s0:#0a5f96;--s1:#b94a00;--s2:#00795a;--s3:#9c4585;--s4:#7d6200;--s5:#4a5361;
--text:#0a5f96;--image:#b94a00;--audio:#00795a;
--sans:-apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif;
--serif:Charter,"Bitstream Charter","Iowan Old Style","Sitka Text",Cambria,"Noto Serif","Liberation Serif",Georgia,serif;
--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;
--paper:#14171c;--card:#1b1f26;--ink:#e8e5de;--soft:#a5abb4;--line:#363c46;--grid:#2a2f38;
--accent:#6cb9ea;--tint:86 180 233;--heat:230 159 0;--most:.42;--right:#53cba5;--wrong:#ff9a5c;--wrong-tint:255 140 70;
--s0:#6cb9ea;--s1:#ff9a5c;--s2:#53cba5;--s3:#e29bca;--s4:#e6c23f;--s5:#b3bac4;
--text:#6cb9ea;--image:#ff9a5c;--audio:#53cba5}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 var(--sans);
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.page{max-width:1120px;margin:0 auto;padding:0 clamp(18px,4vw,40px) 48px}
h1,h2,.figure{font-family:var(--serif);font-weight:600;letter-spacing:-.012em;line-height:1.15}
h1{font-size:clamp(2.1rem,5.2vw,3.1rem);margin:.15em 0 .25em}
h2{font-size:clamp(1.5rem,3.2vw,1.9rem);margin:0 0 .35em}
h3{font-size:1.02rem;font-weight:650;margin:0;line-height:1.3}
p{margin:0 0 .8em}
small{font-size:.84em;color:var(--soft);font-weight:400}
code,pre{font-family:var(--mono);font-size:.86em}
a{color:var(--accent);text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:3px}
ul,ol{list-style:none;margin:0;padding:0}
dl,dd,figure{margin:0}
summary{cursor:pointer}
.lead{color:var(--soft);max-width:66ch}
.scroll{overflow-x:auto}
.note{font-size:.84rem;color:var(--soft);margin:.4em 0 0}
.warning{color:var(--wrong)}
section{margin-top:clamp(44px,7vw,72px)}
header{padding-top:clamp(28px,5vw,52px)}
.brand{font-size:.86rem;font-weight:650;letter-spacing:.02em;margin:0;color:var(--accent)}
.brand span{color:var(--soft);font-weight:400}
.description{font-size:1.12rem;color:var(--soft);max-width:62ch;margin-bottom:1.1em}
.notice{margin:1.2em 0 0;padding:.7em 1em;border-left:4px solid var(--wrong);background:rgb(var(--wrong-tint)/.1)}
nav{margin-top:1rem}
nav ul{display:flex;flex-wrap:wrap;gap:.2em 1.5em;font-size:.95rem}
nav a{text-decoration:none;display:inline-block;padding:.25em 0}
nav a:hover{text-decoration:underline}
.headline{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,7fr);gap:24px 56px;align-items:end;margin-top:clamp(28px,5vw,48px)}
.headline>:only-child{grid-column:1/-1}
.metric{margin:0;color:var(--soft);font-size:1.02rem}
.figure{font-size:clamp(3.6rem,9vw,5.6rem);line-height:1;margin:.06em 0 .12em;white-space:nowrap}
.under{color:var(--soft);margin:0;font-size:.95rem}
.sentence{font-size:1.12rem;max-width:52ch}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(116px,1fr));gap:14px 24px}
.facts>div{border-top:1px solid var(--line);padding-top:7px;min-width:0}
.facts dt{font-size:.84rem;color:var(--soft)}
.facts dd{font-weight:600}
table{border-collapse:collapse;width:100%;font-size:.95rem}
th,td{padding:.5em .9em .5em 0;text-align:right;vertical-align:baseline;border-top:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th,thead td{border-top:0;color:var(--soft);font-weight:400;font-size:.88rem}
th[scope=row]{text-align:left;font-weight:600;overflow-wrap:break-word}
tfoot td,tfoot th{font-weight:650;border-top:2px solid var(--line)}
thead th,td{white-space:nowrap;overflow-wrap:normal}
.numbers{margin-top:.5em;font-size:.88rem}
.numbers summary{color:var(--soft)}
footer{margin-top:64px;padding-top:14px;border-top:1px solid var(--line);color:var(--soft);font-size:.88rem}
@media (max-width:760px){.headline{grid-template-columns:minmax(0,1fr);gap:22px}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{
@page{margin:16mm}
body{font-size:10.5pt;background:#fff}
.page{max-width:none;padding:0}
nav{display:none}
section{margin-top:28px}
h2,h3{break-after:avoid}
tr{break-inside:avoid}
.numbers{display:none}
}
)css";
}

}  // namespace heddle::report
