#include "report/page.h"

#include "report/text.h"

namespace heddle::report {
namespace {

// The policy forbids every request, so that the page cannot reach the network even by mistake.
constexpr std::string_view head =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action "
    "'none'\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" "
    "content=\"Heddle\">\n<link rel=\"icon\" href=\"data:,\">\n";

}  // namespace

std::string html_page(std::string_view title, std::string_view style, const std::string& inside,
                      std::string_view script) {
  std::string html(head);
  html += "<title>" + escape_html(title) + "</title>\n<style>\n";
  html.append(base_style()).append(style);
  html += "</style>\n</head>\n<body>\n<div class=\"page\">\n" + inside +
          "<footer><p>Made by Heddle. One file, no network.</p></footer>\n</div>\n";
  if (!script.empty()) {
    html.append("<script>\n").append(script).append("</script>\n");
  }
  return html += "</body>\n</html>\n";
}

std::string section(std::string_view id, std::string_view heading, std::string_view lead,
                    const std::string& body) {
  std::string html = "<section id=\"";
  html.append(id).append("\" aria-labelledby=\"").append(id).append("-heading\">\n<h2 id=\"");
  html.append(id).append("-heading\">").append(heading).append("</h2>\n");
  if (!lead.empty()) {
    html.append("<p class=\"lead\">").append(lead).append("</p>\n");
  }
  return html.append(body).append("</section>\n");
}

std::string definition(std::string_view name, const std::string& value_html) {
  return "<div><dt>" + escape_html(name) + "</dt><dd>" + value_html + "</dd></div>\n";
}

}  // namespace heddle::report
