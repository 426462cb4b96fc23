#include "daemon/hub/counterpart.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace hfget::hub {
namespace {

constexpr size_t kMaxCandidates = 8;

struct Rename {
  absl::string_view org;
  absl::string_view there;
};

// One org here may be several there; the order is the one of trying.
constexpr Rename kOrgs[] = {
    {"01-ai", "01ai"},
    {"Alibaba-NLP", "iic"},
    {"baidu", "PaddlePaddle"},
    {"bigscience", "AI-ModelScope"},
    {"google", "LLM-Research"},
    {"google", "AI-ModelScope"},
    {"hfl", "ChineseAlpacaGroup"},
    {"hfl", "AI-ModelScope"},
    {"ibm-granite", "AI-ModelScope"},
    {"internlm", "Shanghai_AI_Laboratory"},
    {"meta-llama", "LLM-Research"},
    {"microsoft", "LLM-Research"},
    {"microsoft", "AI-ModelScope"},
    {"MiniMaxAI", "MiniMax"},
    {"mistralai", "AI-ModelScope"},
    {"mistralai", "LLM-Research"},
    {"mistralai", "swift"},
    {"nvidia", "nv-community"},
    {"openai", "openai-mirror"},
    {"Tele-AI", "TeleAI"},
    {"tencent", "Tencent-Hunyuan"},
    {"tencent", "Tencent-YouTu-Research"},
    {"tiiuae", "AI-ModelScope"},
    {"zai-org", "ZhipuAI"},
};

// Models that were named before there were orgs, by how the name begins, and whose they are now.
constexpr Rename kLegacyModels[] = {
    {"albert", "albert"},
    {"bert", "google-bert"},
    {"distil", "distilbert"},
    {"gpt2", "openai-community"},
    {"openai-gpt", "openai-community"},
    {"roberta", "FacebookAI"},
    {"t5", "google-t5"},
    {"xlm", "FacebookAI"},
    {"xlnet", "xlnet"},
};

// Holds copies of what has no org of its own there.
constexpr absl::string_view kCollection = "AI-ModelScope";

bool IsRepoOfModelScope(absl::string_view name) {
  return absl::StrContains(name, '/') && CheckRepoName(name).ok();
}

class Candidates {
 public:
  void Add(absl::string_view id) {
    const bool known = std::find(ids_.begin(), ids_.end(), id) != ids_.end();
    if (known || ids_.size() == kMaxCandidates || !IsRepoOfModelScope(id)) return;
    ids_.emplace_back(id);
  }
  void Add(absl::string_view org, absl::string_view name) { Add(absl::StrCat(org, "/", name)); }

  std::vector<std::string> Take() && { return std::move(ids_); }

 private:
  std::vector<std::string> ids_;
};

void AddKnownOrgs(absl::string_view org, absl::string_view name, Candidates& candidates) {
  for (const Rename& rename : kOrgs) {
    if (absl::EqualsIgnoreCase(rename.org, org)) candidates.Add(rename.there, name);
  }
}

void AddLegacy(const RepoId& repo, Candidates& candidates) {
  candidates.Add(kCollection, repo.name);
  if (repo.type == RepoType::kModel) {
    for (const Rename& rename : kLegacyModels) {
      if (absl::StartsWith(repo.name, rename.org)) candidates.Add(rename.there, repo.name);
    }
  }
  candidates.Add("modelscope", repo.name);
}

}  // namespace

std::vector<std::string> CounterpartCandidates(const RepoId& repo, absl::string_view given_id,
                                               const CounterpartTable& table) {
  Candidates candidates;
  if (repo.hub != Hub::kHuggingFace || repo.type == RepoType::kSpace) return {};
  if (!given_id.empty()) {
    candidates.Add(given_id);
    return std::move(candidates).Take();
  }
  if (const auto it = table.ids.find(DisplayName(repo)); it != table.ids.end()) {
    candidates.Add(it->second);
  }
  const size_t slash = repo.name.find('/');
  if (slash == std::string::npos) {
    AddLegacy(repo, candidates);
    return std::move(candidates).Take();
  }
  const absl::string_view id = repo.name;
  candidates.Add(id);
  AddKnownOrgs(id.substr(0, slash), id.substr(slash + 1), candidates);
  candidates.Add(kCollection, id.substr(slash + 1));
  return std::move(candidates).Take();
}

Counterpart MatchCounterpart(const std::vector<const ManifestFile*>& wanted, const ManifestFiles& theirs) {
  absl::flat_hash_map<absl::string_view, const ManifestFile*> there;
  for (const ManifestFile& file : theirs) there.emplace(file.path, &file);
  Counterpart found;
  for (const ManifestFile* one : wanted) {
    const ManifestFile& file = *one;
    const auto it = there.find(file.path);
    if (it == there.end() || it->second->size != file.size) continue;
    if (file.hash.kind == ContentHash::Kind::kGitSha1) found.maybe.insert(file.path);
    const bool same = file.hash.kind == ContentHash::Kind::kSha256 && it->second->hash == file.hash;
    if (!same) continue;
    found.proven.insert(file.path);
    if (file.size > 0) found.accepted = true;
  }
  return found.accepted ? std::move(found) : Counterpart();
}

}  // namespace hfget::hub
