#include <cstddef>
#include <string>
#include <string_view>

#include "report/text.h"
#include "train/report_sections.h"

namespace heddle::report {
namespace {

// Comments, section heads and keys of a TOML text in their own classes; values as they are.
std::string toml_html(std::string_view text) {
  std::string html;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t first = line.find_first_not_of(" \t");
    const std::size_t equals = line.find('=');
    if (first != std::string_view::npos && (line[first] == '#' || line[first] == '[')) {
      html += line[first] == '#' ? "<i>" + escape_html(line) + "</i>"
                                 : "<b>" + escape_html(line) + "</b>";
    } else if (equals != std::string_view::npos) {
      html += "<span>" + escape_html(line.substr(0, equals)) + "</span>" +
              escape_html(line.substr(equals));
    } else {
      html += escape_html(line);
    }
    html += "\n";
  }
  return html;
}

std::string facts(const ReportRun& run) {
  std::string html;
  const auto text = [&](std::string_view name, const std::string& value) {
    html += value.empty() ? "" : definition(name, escape_html(value));
  };
  const auto count = [&](std::string_view name, const std::optional<std::int64_t>& value) {
    html += value ? definition(name, format_count(*value)) : "";
  };
  text("device", run.device);
  text("processor", run.processor);
  count("threads", run.threads);
  text("system", run.system);
  text("version", run.version);
  text("compiler", run.compiler);
  text("started", run.started);
  html += run.seconds ? definition("duration", format_duration(*run.seconds)) : "";
  count("steps", run.steps);
  count("parameters", run.parameters);
  if (!run.seeds.empty()) {
    std::string seeds;
    for (const std::uint64_t seed : run.seeds) {
      seeds += (seeds.empty() ? "" : ", ") + std::to_string(seed);
    }
    html += definition(run.seeds.size() == 1 ? "seed" : "seeds", seeds);
  }
  for (const ReportFact& fact : run.more) {
    text(fact.name, fact.value);
  }
  if (!run.weights_sha256.empty()) {
    html += "<div class=\"wide\"><dt>weights, SHA-256</dt><dd><code>" +
            escape_html(run.weights_sha256) + "</code></dd></div>\n";
  }
  return html;
}

}  // namespace

std::string run_section(const RunReport& report) {
  const ReportRun& run = report.run;
  std::string body;
  if (!run.command.empty()) {
    body += "<h3>Run it again</h3>\n<pre class=\"command\"><code>" + escape_html(run.command) +
            "</code></pre>\n";
  }
  if (const std::string list = facts(run); !list.empty()) {
    body += "<h3>Machine and run</h3>\n<dl class=\"facts machine\">\n" + list + "</dl>\n";
  }
  if (!run.configuration.empty()) {
    body +=
        "<details class=\"configuration\"><summary>Configuration, as resolved</summary>\n<pre>"
        "<code>" +
        toml_html(run.configuration) + "</code></pre></details>\n";
  }
  return body.empty() ? "" : section("run", "How this was made", "", body);
}

}  // namespace heddle::report
