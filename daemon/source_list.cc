#include "daemon/source_list.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/url.h"
#include "daemon/toml_reader.h"

namespace hfget {
namespace {

using engine::SourceConfig;

// Names with the place where each was written.
using Names = std::vector<std::pair<std::string, std::string>>;

SourceConfig BuiltIn(std::string name, std::string endpoint) {
  SourceConfig source;
  source.name = std::move(name);
  source.endpoint = std::move(endpoint);
  return source;
}

// With no slash at the end, and the host in lower case, so that equal endpoints are equal texts.
absl::StatusOr<std::string> CheckEndpoint(absl::string_view text, const std::string& where) {
  const absl::StatusOr<hub::Url> url = hub::ParseUrl(text);
  if (!url.ok() || !url->query.empty() || absl::StrContains(text, "#")) {
    return absl::InvalidArgumentError(
        absl::StrCat("the endpoint \"", hub::Printable(WithoutUserInfo(text)), "\" at ", where, " is not ",
                     "an http or https address such as https://hf-mirror.com"));
  }
  absl::string_view path = url->path;
  while (absl::ConsumeSuffix(&path, "/")) {
  }
  return absl::StrCat(url->Origin(), path);
}

// PAI's public shape is a host alone; its hub lies under a prefix.
std::string PaiEndpoint(absl::string_view text) {
  std::string url =
      absl::StrContains(text, "://") ? std::string(text) : absl::StrCat("https://", text);
  const size_t host = url.find("://") + 3;
  const size_t path = url.find('/', host);
  if (path == std::string::npos) return absl::StrCat(url, "/pai-hub");
  return path + 1 == url.size() ? absl::StrCat(url, "pai-hub") : url;
}

absl::Status CheckProxy(const std::string& proxy, const std::string& where) {
  if (proxy == "env" || proxy == "none") return absl::OkStatus();
  for (const absl::string_view scheme : {"http://", "https://", "socks5://", "socks5h://"}) {
    if (absl::StartsWith(proxy, scheme) && proxy.size() > scheme.size()) return absl::OkStatus();
  }
  // Not shown: a proxy's URL may carry a password.
  return absl::InvalidArgumentError(
      absl::StrCat("the proxy of the source at ", where,
                   " must be \"env\", \"none\" or a URL: http, https, socks5, socks5h"));
}

absl::StatusOr<std::string> CheckCaBundle(const std::string& text, const std::string& where,
                                          const Environment& env) {
  const std::string path = env.Absolute(text);
  std::error_code error;
  if (!path.empty() && !std::filesystem::is_regular_file(path, error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the ca_bundle \"", hub::Printable(path), "\" of the source at ", where, " is not a file"));
  }
  return path;
}

bool IsHuggingFace(const hub::Url& url) {
  for (const absl::string_view host : {"huggingface.co", "hf.co"}) {
    if (url.host == host || absl::EndsWith(url.host, absl::StrCat(".", host))) return true;
  }
  return false;
}

bool IsModelScope(const hub::Url& url) {
  for (const absl::string_view host : {"modelscope.cn", "modelscope.ai"}) {
    if (url.host == host || absl::EndsWith(url.host, absl::StrCat(".", host))) return true;
  }
  return false;
}

// The one policy that shows a token without proof is for those who issue them, and for tests on
// this machine.
bool MayBeTrustedUnproven(const SourceConfig& source) {
  const absl::StatusOr<hub::Url> url = hub::ParseUrl(source.endpoint);
  if (!url.ok()) return false;
  return url->IsLoopback() || (source.dialect == "modelscope" ? IsModelScope(*url) : IsHuggingFace(*url));
}

// `written`: by the user; a built-in policy gives way when the endpoint was changed under it.
absl::Status CheckTokenPolicy(const std::string& where, bool written, SourceConfig* source) {
  if (source->token_policy != core::TokenPolicy::kAlways ||
      MayBeTrustedUnproven(*source)) {
    return absl::OkStatus();
  }
  if (!written) {
    source->token_policy = core::TokenPolicy::kIfProven;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "token = \"always\" of the source at ", where,
      source->dialect == "modelscope" ? " is for modelscope.cn alone: leave it out"
                                      : " is for huggingface.co alone: write \"if-proven\" for a mirror that you trust"));
}

class ListBuilder {
 public:
  explicit ListBuilder(const Environment& env) : env_(env), sources_(BuiltInSources()) {}

  absl::Status TakePai();
  absl::Status TakeModelScope();
  absl::Status Take(const SourceSection& section);
  absl::Status TakeHfEndpoint();
  // `hf_endpoint_first`: the source of $HF_ENDPOINT stays in front though the list does not name
  // it.
  absl::Status Restrict(const Names& names, bool hf_endpoint_first);
  absl::Status Close();

  std::vector<SourceConfig> sources() && { return std::move(sources_); }

 private:
  SourceConfig* Find(absl::string_view name);
  bool OtherAuthority() const;
  bool SwitchedOff(const std::string& name) const {
    return std::count(switched_off_.begin(), switched_off_.end(), name) != 0;
  }
  absl::Status Unknown(const std::string& name, const std::string& where) const;

  const Environment& env_;
  std::vector<SourceConfig> sources_;
  std::vector<std::string> switched_off_;  // by enabled = false, which no list overrules
  std::string hf_endpoint_name_;           // of the source that $HF_ENDPOINT names
};

SourceConfig* ListBuilder::Find(absl::string_view name) {
  const auto it = std::find_if(sources_.begin(), sources_.end(),
                               [&](const SourceConfig& s) { return s.name == name; });
  return it == sources_.end() ? nullptr : &*it;
}

bool ListBuilder::OtherAuthority() const {
  return std::any_of(sources_.begin(), sources_.end(), [](const SourceConfig& s) {
    return s.enabled && s.authority && s.name != "env" && s.dialect == "huggingface";
  });
}

absl::Status ListBuilder::Unknown(const std::string& name, const std::string& where) const {
  std::vector<std::string> names;
  for (const SourceConfig& s : sources_) names.push_back(s.name);
  const std::string near = Nearest(name, names);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown source \"", hub::Printable(name, 60), "\" at ", where,
      near.empty()
          ? absl::StrCat(": add [source.", hub::Printable(name, 60), "] with its endpoint to the configuration")
          : absl::StrCat(", did you mean \"", near, "\"?")));
}

absl::Status ListBuilder::TakePai() {
  const std::string endpoint = env_.Get("HFGET_PAI_ENDPOINT");
  if (endpoint.empty()) return absl::OkStatus();
  SourceConfig* pai = Find("pai");
  HFGET_ASSIGN_OR_RETURN(pai->endpoint,
                         CheckEndpoint(PaiEndpoint(endpoint), "$HFGET_PAI_ENDPOINT"));
  pai->enabled = !SwitchedOff("pai");
  return absl::OkStatus();
}

absl::Status ListBuilder::TakeModelScope() {
  const std::string endpoint = env_.Get("MODELSCOPE_ENDPOINT");
  SourceConfig* modelscope = Find("modelscope");
  if (endpoint.empty()) return absl::OkStatus();
  HFGET_ASSIGN_OR_RETURN(modelscope->endpoint, CheckEndpoint(endpoint, "$MODELSCOPE_ENDPOINT"));
  return CheckTokenPolicy("$MODELSCOPE_ENDPOINT", /*written=*/false, modelscope);
}

absl::Status ListBuilder::Take(const SourceSection& section) {
  SourceConfig* source = Find(section.name);
  if (source == nullptr) {
    if (!section.endpoint) {
      return absl::InvalidArgumentError(
          absl::StrCat("the source \"", section.name, "\" at ", section.where, " has no endpoint"));
    }
    source = &sources_.emplace_back(BuiltIn(section.name, ""));
  }
  if (section.endpoint) {
    const std::string written =
        section.name == "pai" ? PaiEndpoint(*section.endpoint) : *section.endpoint;
    HFGET_ASSIGN_OR_RETURN(source->endpoint, CheckEndpoint(written, section.where));
    if (section.name == "pai") source->enabled = true;
  }
  if (section.ca_bundle) {
    HFGET_ASSIGN_OR_RETURN(source->ca_bundle,
                           CheckCaBundle(*section.ca_bundle, section.where, env_));
  }
  source->dialect = section.dialect.value_or(source->dialect);
  source->enabled = section.enabled.value_or(source->enabled);
  source->authority = section.authority.value_or(source->authority);
  source->token_policy = section.token_policy.value_or(source->token_policy);
  source->proxy = section.proxy.value_or(source->proxy);
  source->max_connections = section.max_connections.value_or(source->max_connections);
  source->max_bytes_per_sec = section.max_bytes_per_sec.value_or(source->max_bytes_per_sec);
  if (section.enabled == false) switched_off_.push_back(section.name);
  HFGET_RETURN_IF_ERROR(CheckProxy(source->proxy, section.where));
  return CheckTokenPolicy(section.where, section.token_policy.has_value(), source);
}

absl::Status ListBuilder::TakeHfEndpoint() {
  const std::string written = env_.Get("HF_ENDPOINT");
  if (written.empty()) return absl::OkStatus();
  HFGET_ASSIGN_OR_RETURN(const std::string endpoint, CheckEndpoint(written, "$HF_ENDPOINT"));
  auto it = std::find_if(sources_.begin(), sources_.end(),
                         [&](const SourceConfig& s) { return s.endpoint == endpoint; });
  if (it == sources_.end()) {
    it = sources_.insert(sources_.end(), BuiltIn("env", endpoint));
    it->token_policy = core::TokenPolicy::kIfProven;
  }
  it->enabled = true;
  hf_endpoint_name_ = it->name;
  std::rotate(sources_.begin(), it, it + 1);
  return absl::OkStatus();
}

absl::Status ListBuilder::Restrict(const Names& names, bool hf_endpoint_first) {
  std::vector<SourceConfig> ordered;
  const auto move_over = [&](const std::string& name, bool enabled) {
    const auto it = std::find_if(sources_.begin(), sources_.end(),
                                 [&](const SourceConfig& s) { return s.name == name; });
    if (it == sources_.end()) return;  // named twice
    it->enabled = enabled;
    ordered.push_back(std::move(*it));
    sources_.erase(it);
  };
  std::vector<std::string> wanted;
  if (hf_endpoint_first && !hf_endpoint_name_.empty()) wanted.push_back(hf_endpoint_name_);
  for (const auto& [name, where] : names) {
    // "env" is the source of $HF_ENDPOINT also where that is one with a name of its own.
    const std::string actual = name == "env" && Find("env") == nullptr ? hf_endpoint_name_ : name;
    const SourceConfig* source = Find(actual);
    if (source == nullptr) return Unknown(name, where);
    if (source->endpoint.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("the source \"", name, "\" at ", where,
                                                     " has no endpoint: set $HFGET_PAI_ENDPOINT"));
    }
    wanted.push_back(actual);
  }
  for (const std::string& name : wanted) {
    move_over(name, !SwitchedOff(name) || name == hf_endpoint_name_);
  }
  while (!sources_.empty()) move_over(std::string(sources_.front().name), false);
  sources_ = std::move(ordered);
  return absl::OkStatus();
}

absl::Status ListBuilder::Close() {
  if (SourceConfig* env = Find("env"); env != nullptr) {
    const absl::StatusOr<hub::Url> url = hub::ParseUrl(env->endpoint);
    env->authority = (url.ok() && url->IsLoopback()) || !OtherAuthority();
  }
  for (SourceConfig& s : sources_) s.enabled = s.enabled && !s.endpoint.empty();
  // Those in use first; otherwise the order stays.
  std::stable_partition(sources_.begin(), sources_.end(), [](const auto& s) { return s.enabled; });
  if (sources_.empty() || !sources_.front().enabled) {
    return absl::InvalidArgumentError(
        "every source is switched off: leave one in $HFGET_SOURCES or the configuration");
  }
  return absl::OkStatus();
}

Names NamesInEnvironment(const Environment& env) {
  Names names;
  for (const absl::string_view name : absl::StrSplit(env.Get("HFGET_SOURCES"), ',')) {
    const absl::string_view stripped = absl::StripAsciiWhitespace(name);
    if (!stripped.empty()) names.emplace_back(stripped, "$HFGET_SOURCES");
  }
  return names;
}

}  // namespace

std::vector<SourceConfig> BuiltInSources() {
  std::vector<SourceConfig> sources = {
      BuiltIn("official", "https://huggingface.co"),
      BuiltIn("tuna", "https://mirror.tuna.tsinghua.edu.cn/hugging-face"),
      BuiltIn("pai", ""),
      BuiltIn("hf-mirror", "https://hf-mirror.com"),
      BuiltIn("modelscope", "https://modelscope.cn"),
  };
  sources[0].authority = true;
  sources[0].token_policy = core::TokenPolicy::kAlways;
  sources[2].enabled = false;
  sources[4].dialect = "modelscope";
  sources[4].token_policy = core::TokenPolicy::kAlways;  // its own realm's
  sources[4].max_connections = 8;  // with more, some get stuck
  return sources;
}

absl::StatusOr<std::vector<SourceConfig>> ListSources(const ConfigFile& config,
                                                      const Environment& env) {
  ListBuilder builder(env);
  for (const SourceSection& section : config.sources) {
    HFGET_RETURN_IF_ERROR(builder.Take(section));
  }
  HFGET_RETURN_IF_ERROR(builder.TakePai());
  HFGET_RETURN_IF_ERROR(builder.TakeModelScope());
  HFGET_RETURN_IF_ERROR(builder.TakeHfEndpoint());
  if (const Names names = NamesInEnvironment(env); !names.empty()) {
    HFGET_RETURN_IF_ERROR(builder.Restrict(names, /*hf_endpoint_first=*/false));
  } else if (config.source_order) {
    HFGET_RETURN_IF_ERROR(builder.Restrict(*config.source_order, /*hf_endpoint_first=*/true));
  }
  HFGET_RETURN_IF_ERROR(builder.Close());
  return std::move(builder).sources();
}

}  // namespace hfget
