#pragma once

#include <string>
#include <string_view>

namespace heddle::report {

// What every page is made of: one HTML file that asks the network for nothing.

/// A whole page. `title` is text; `style` (CSS) comes after base_style(); `inside` is HTML, header
/// to main part; `script` is JavaScript, empty for none.
std::string html_page(std::string_view title, std::string_view style, const std::string& inside,
                      std::string_view script);

/// CSS that all pages share: colours (light, dark), text, header, tables, printing.
std::string_view base_style();

/// A `<section>` with a heading and, where `lead` is not empty, a sentence under it. All HTML.
std::string section(std::string_view id, std::string_view heading, std::string_view lead,
                    const std::string& body);

/// One `<div>` of a `<dl>`. The value is HTML.
std::string definition(std::string_view name, const std::string& value_html);

}  // namespace heddle::report
