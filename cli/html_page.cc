#include "cli/html_page.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

// Every pair of a text and what it stands on has a contrast of 4.5 or more, every mark of 3 or more (tests/e2e/test_bench_page.py).
constexpr char kColors[] = R"css(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--text:#16191d;--muted:#59626e;--rule:#dfe3e8;--axis:#8a94a1;--accent:#0b6b4f;
--lead:#eaf5f0;--warn:#9a3b00;--warn-page:#fdf1e7;--shade:#eef0f3;--track:#e8ebef;--context:#b9c1cb;
--c0:#0b7a5a;--c1:#2563c9;--c2:#c2500a;--c3:#8438c7;--c4:#c02a5a;--c5:#6b6a00;--c6:#0b7596;--c7:#5a6472;
--p0:#5d6b7d;--p1:#2a6fd6;--p2:#8e46cf;--p3:#d06a12}
@media screen and (prefers-color-scheme:dark){:root{--page:#0f1216;--card:#171b21;--text:#e8ebef;--muted:#a2acb9;--rule:#2b323b;
--axis:#6d7885;
--accent:#5fd6a8;--lead:#13271f;--warn:#ffb27a;--warn-page:#2d1d10;--shade:#1f252c;--track:#262d35;--context:#465160;
--c0:#4fcf9f;--c1:#79aefc;--c2:#f79a5b;--c3:#c99bff;--c4:#ff8bab;--c5:#d3cf5a;--c6:#63cbe8;--c7:#b1bbc7;
--p0:#8d9bad;--p1:#6ba6ff;--p2:#c08cf5;--p3:#f2a154}}
)css";

constexpr char kText[] = R"css(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:break-word}
main{max-width:1240px;margin:0 auto;padding:40px 32px 56px}
h1{font-size:1rem;line-height:1.3;margin:0 0 6px;font-weight:600;color:var(--muted)}
h2{font-size:1.125rem;line-height:1.3;margin:0 0 4px;font-weight:650}
h3{font-size:.9375rem;margin:0 0 2px;font-weight:600;display:flex;flex-wrap:wrap;align-items:center;gap:2px 8px}
h3 span{color:var(--muted);font-weight:400}
p{margin:0}
h2+table{margin-top:10px}
.lead{font-size:clamp(1.375rem,2.6vw,2rem);line-height:1.25;font-weight:650;letter-spacing:-.012em;margin:0 0 24px;max-width:36em;
text-wrap:pretty}
.hint{color:var(--muted);font-size:.875rem;margin:0 0 14px;max-width:68em}
.alert{background:var(--warn-page);color:var(--warn);border-radius:8px;padding:10px 14px;margin:0 0 20px;font-weight:600}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:14px 24px;margin:0 0 32px;padding:18px 0 0;
border-top:1px solid var(--rule)}
dt{color:var(--muted);font-size:.8125rem}
dd{margin:0;font-size:.9375rem;overflow-wrap:anywhere}
.lead,.who,h3,.words,.alert,.down{overflow-wrap:anywhere}
section,figure{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:22px 24px;margin:0 0 20px;min-width:0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px;margin:0 0 20px}
.pair figure{margin:0}
.pair svg:not(.key){max-width:620px}
footer{color:var(--muted);font-size:.8125rem;margin-top:28px}
)css";

constexpr char kTables[] = R"css(
table{border-collapse:collapse;width:100%;font-size:.9375rem}
th{text-align:left;font-weight:500;color:var(--muted);font-size:.8125rem;padding:6px 18px 8px 0;border-bottom:1px solid var(--rule);
vertical-align:bottom}
td{padding:12px 18px 12px 0;border-bottom:1px solid var(--rule);vertical-align:top}
tr:last-child td{border-bottom:0}
th:last-child,td:last-child{padding-right:0}
.num{text-align:right;white-space:nowrap}
th.num{white-space:normal}
.word{white-space:nowrap}
.who{width:32%;min-width:12em}
.rank{width:28px;color:var(--muted)}
.name{font-weight:600}
.note{display:block;color:var(--muted);font-size:.8125rem;font-weight:400;max-width:44em}
.rate{width:26%;min-width:170px}
.rate b{font-weight:650}
.track{display:block;height:8px;border-radius:4px;background:var(--track);margin:7px 0 0}
.fill{display:block;height:8px;border-radius:4px;background:var(--c);min-width:3px}
.first .name,.first .rank{color:var(--accent)}
.down td,.down .note{color:var(--warn)}
.wide{overflow-x:auto}
.wide table{font-size:.8125rem;white-space:nowrap}
.wide td{padding-top:6px;padding-bottom:6px}
.wide .words{white-space:normal;min-width:16em}
summary{cursor:pointer;font-size:1.125rem;font-weight:650}
summary+*{margin-top:14px}
@media screen and (max-width:960px){
main{padding:24px 16px 40px}
section,figure{padding:18px 16px;border-radius:10px}
.cards thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
.cards,.cards tbody,.cards tr,.cards td{display:block;width:auto}
.cards tr{padding:14px 0;border-bottom:1px solid var(--rule)}
.cards tr:first-child{padding-top:0}
.cards tr:last-child{border-bottom:0;padding-bottom:0}
.cards td{border:0;padding:3px 0}
.cards td[data-label]{display:flex;justify-content:space-between;gap:16px;text-align:right}
.cards td[data-label]::before{content:attr(data-label);color:var(--muted);text-align:left;white-space:nowrap}
.cards .rank{display:inline-block;padding-right:10px}
.cards .who{display:inline;min-width:0}
.cards .rate{min-width:0;padding:8px 0}
.cards .num,.cards .word{white-space:normal;overflow-wrap:anywhere}
}
)css";

constexpr char kCharts[] = R"css(
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr));gap:22px 24px}
figure svg{display:block;width:100%;height:auto;overflow:visible}
figure svg.key,svg.key{display:inline-block;width:12px;height:12px;flex:none;vertical-align:-1px}
svg text{font:12.5px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;fill:var(--muted)}
.panels svg text{font-size:14px}
.heading text{fill:var(--text);font-weight:600;font-size:13.5px}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}
.c7{--c:var(--c7)}
.p0{--c:var(--p0)}.p1{--c:var(--p1)}.p2{--c:var(--p2)}.p3{--c:var(--p3)}
.line{fill:none;stroke:var(--c);stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
.faint{stroke-width:1.2;opacity:.38}
.context{stroke:var(--context);stroke-width:1.2}
.mark{fill:var(--c);stroke:var(--card);stroke-width:1}
.whisker{stroke:var(--c);stroke-width:1.4;opacity:.6}
.cross{fill:none;stroke:var(--warn);stroke-width:2}
.grid{stroke:var(--rule);stroke-width:1}
.axis{stroke:var(--axis);stroke-width:1}
.shade{fill:var(--shade)}
.part{fill:var(--c)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 16px;padding:0;font-size:.875rem}
.legend li{display:flex;align-items:center;gap:7px;min-width:0;overflow-wrap:anywhere}
.swatch{width:12px;height:12px;border-radius:2px;background:var(--c);flex:none}
.axis-name{color:var(--muted);font-size:.8125rem;text-align:center;margin-top:2px}
@media (max-width:520px){.pair svg text{font-size:16.5px}.pair .heading text{font-size:17px}}
@media print{
@page{margin:14mm}
:root{--page:#fff;--lead:#fff}
html{font-size:12px}
body{print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}
section,figure{padding:12px 14px;border-radius:6px}
figure,h2,dl div{break-inside:avoid}
h2{break-after:avoid}
table{font-size:.875rem}
td{padding:6px 8px 6px 0}
.rate{min-width:100px;width:18%}
tr{break-inside:avoid}
.lead{font-size:1.6rem}
.pair{grid-template-columns:1fr 1fr;gap:12px}
.panels{grid-template-columns:repeat(3,1fr);gap:14px}
.wide{overflow:visible}
.wide table{white-space:normal;font-size:.75rem}
.wide td{padding-top:2px;padding-bottom:2px}
details::details-content{content-visibility:visible;display:block;height:auto}
}
)css";

}  // namespace

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(Printable(text), {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string HtmlPage(absl::string_view title, absl::string_view body) {
  return absl::StrCat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n",
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
                      "<meta name=\"referrer\" content=\"no-referrer\">\n",
                      "<link rel=\"icon\" href=\"data:,\">\n<title>", Escaped(title), "</title>\n<style>", kColors, kText, kTables, kCharts,
                      "</style>\n</head>\n<body>\n<main>\n", body, "</main>\n</body>\n</html>\n");
}

}  // namespace hfget::cli
