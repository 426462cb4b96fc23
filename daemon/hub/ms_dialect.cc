#include "daemon/hub/ms_dialect.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"
#include "daemon/hub/json.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/url.h"

namespace hfget::hub {
namespace {

constexpr ByteCount kMaxFileBytes = ByteCount{1} << 53;
constexpr size_t kRowsWhereCut = 3000;  // a reply of so many rows may be a part of the truth
constexpr size_t kPageRows = 200;
constexpr size_t kMaxMessageBytes = 300;

constexpr int64_t kCodeOk = 200;
constexpr int64_t kCodeNoRepo = 10010205001;
constexpr int64_t kCodeNoAccess = 10010200001;  // private or gated
constexpr int64_t kCodeNoFile = 10990101007;    // or no such revision

std::string ApiPath(const RepoId& repo) {
  return absl::StrCat("/api/v1/", TypePlural(repo.type), "/", repo.name, "/repo");
}

std::string Words(absl::string_view message) { return Printable(message, kMaxMessageBytes); }

struct Row {
  std::string type, path, sha256;
  ByteCount size = -1;
};

absl::Status BadRow(const Row& row, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the row of \"", Printable(row.path), "\" in the listing ", why));
}

absl::StatusOr<ManifestFile> FileOf(Row row) {
  HFGET_RETURN_IF_ERROR(CheckPath(row.path));
  if (row.size < 0 || row.size > kMaxFileBytes) return BadRow(row, "has no valid size");
  ManifestFile file;
  file.hash = ContentHash::FromHex(row.sha256);
  if (file.hash.kind != ContentHash::Kind::kSha256) return BadRow(row, "has no valid sha256");
  file.size = row.size;
  file.path = std::move(row.path);
  return file;
}

absl::Status NotModelScope(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("this source does not answer as ModelScope does: ", why));
}

}  // namespace

// What one reply says, before anybody asks whether that is a success.
struct MsReply {
  std::optional<int64_t> code;
  bool success = true;
  bool listed = false;  // there is a list, be it null
  std::string message;
  size_t rows = 0;  // folders too
  std::vector<ManifestFile> files;
  std::vector<std::string> folders;  // unchecked
};

namespace {

class ReplyWalker final : public JsonWalker {
 public:
  explicit ReplyWalker(size_t max_rows) : max_rows_(max_rows) {}

  absl::StatusOr<MsReply> Read(absl::string_view json) {
    const absl::Status walked = Walk(json);
    if (!refused_.ok()) return refused_;
    if (!walked.ok()) return NotModelScope(walked.message());
    if (!reply_.code) return NotModelScope("the answer has no Code");
    return std::move(reply_);
  }

 private:
  // The rows are objects in the list that is Data, or in Data.Files.
  bool OnOpen(bool is_object) override {
    if (depth() == 1) return is_object || Fail("the answer is not a JSON object");
    if (InRow()) {
      row_ = Row();
      return is_object || FailNoRow();
    }
    const bool list = list_depth_ == 0 && !is_object && Key(1) == "Data" &&
                      (depth() == 2 || (depth() == 3 && Key(2) == "Files"));
    if (!list) return true;
    list_depth_ = depth();
    reply_.listed = true;
    return true;
  }

  bool OnClose(bool is_object) override {
    if (list_depth_ == depth()) list_depth_ = 0;
    return !InRow() || TakeRow();
  }

  bool OnString(std::string& value) override {
    std::string* const wanted = Wanted();
    if (wanted != nullptr) *wanted = std::move(value);
    return OnScalar(-1);
  }

  bool OnInteger(int64_t value) override {
    if (depth() == 1 && Key(1) == "Code") reply_.code = value;
    return OnScalar(value);
  }

  bool OnBool(bool value) override {
    if (depth() == 1 && Key(1) == "Success") reply_.success = value;
    return OnScalar(-1);
  }

  bool OnOther() override {
    const bool null_list =
        Key(1) == "Data" && (depth() == 1 || (depth() == 2 && Key(2) == "Files"));
    if (null_list) reply_.listed = true;
    return OnScalar(-1);
  }

  bool OnScalar(int64_t value) {
    if (InRow() && Key(depth()) == "Size") row_.size = value;
    return list_depth_ == 0 || depth() != list_depth_ || FailNoRow();
  }

  std::string* Wanted() {
    if (depth() == 1) return Key(1) == "Message" ? &reply_.message : nullptr;
    if (!InRow()) return nullptr;
    const std::string& key = Key(depth());
    return key == "Path" ? &row_.path : key == "Type" ? &row_.type : key == "Sha256" ? &row_.sha256 : nullptr;
  }
  bool InRow() const { return list_depth_ != 0 && depth() == list_depth_ + 1; }

  bool TakeRow() {
    if (++reply_.rows > max_rows_) {
      return Refuse(absl::ResourceExhaustedError("a reply of the listing has too many rows"));
    }
    if (row_.type == "tree") {
      reply_.folders.push_back(std::move(row_.path));
      return true;
    }
    if (row_.type == "commit") return true;  // git's word for a submodule, which has no bytes
    if (row_.type != "blob") return Refuse(BadRow(row_, "is neither a file nor a folder"));
    auto file = FileOf(std::move(row_));
    if (!file.ok()) return Refuse(file.status());
    reply_.files.push_back(*std::move(file));
    return true;
  }

  bool FailNoRow() { return Fail("a row of the listing is not an object"); }
  bool Refuse(absl::Status why) {
    refused_ = std::move(why);
    return Fail(refused_.message());
  }

  const size_t max_rows_;
  MsReply reply_;
  Row row_;
  int list_depth_ = 0;  // 0: outside of the list
  absl::Status refused_;
};

// A walk ends because every reply leads further down, whatever a hub sends.
absl::Status CheckIn(absl::string_view folder, absl::string_view path) {
  absl::string_view name = path;
  const bool below =
      folder.empty() || (absl::ConsumePrefix(&name, folder) && absl::ConsumePrefix(&name, "/"));
  if (below && !absl::StrContains(name, '/')) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the listing of the folder \"", Printable(folder),
                                                 "\" names \"", Printable(path),
                                                 "\", which is not directly in it"));
}

// The Code of an answer that is ModelScope's own, and its words.
struct Said {
  std::optional<int64_t> code;
  bool success = true;
  std::string message;
};

Said SaidIn(absl::string_view body) {
  Said said;
  const nlohmann::json json = ParseSmallJson(body);
  if (!json.is_object()) return said;
  if (const auto it = json.find("Code"); it != json.end() && it->is_number_integer()) {
    said.code = it->get<int64_t>();
  }
  if (const auto it = json.find("Success"); it != json.end() && it->is_boolean()) {
    said.success = it->get<bool>();
  }
  if (const auto it = json.find("Message"); it != json.end() && it->is_string()) {
    said.message = Words(it->get_ref<const std::string&>());
  }
  return said;
}

HubErrorKind KindOfCode(int64_t code) {
  if (code == kCodeNoRepo || code == kCodeNoAccess) return HubErrorKind::kRepoNotFound;
  if (code == kCodeNoFile) return HubErrorKind::kEntryNotFound;
  return HubErrorKind::kNone;
}

}  // namespace

std::string MsFileUrl(absl::string_view base, const RepoId& repo, absl::string_view revision,
                      absl::string_view path) {
  return absl::StrCat(base, ApiPath(repo), "?Revision=", EncodeComponent(revision),
                      "&FilePath=", EncodeComponent(path));
}

HubError ClassifyMsError(int status, const HeaderFields& headers, absl::string_view body,
                         absl::Time now) {
  HubError error = ClassifyError(status, headers, body, /*is_repo_url=*/false, now);
  const Said said = SaidIn(body);
  if (!said.code) return error;
  const bool refused = *said.code != kCodeOk || !said.success;
  if (!refused) return error;
  if (!said.message.empty()) error.message = said.message;
  if (*said.code == kCodeNoAccess) {
    error.message = Words(absl::StrCat("a ModelScope token may be needed: ", said.message));
  }
  if (const HubErrorKind kind = KindOfCode(*said.code); kind != HubErrorKind::kNone) {
    error.kind = kind;
  } else if (error.kind == HubErrorKind::kNone) {
    error.kind = HubErrorKind::kUnexpected;  // a refusal in a success's clothes
  }
  return error;
}

MsListing::MsListing(std::string base, RepoId repo, std::string revision, Limits limits)
    : base_(std::move(base)),
      repo_(std::move(repo)),
      revision_(std::move(revision)),
      limits_(limits),
      step_(repo_.type == RepoType::kDataset ? Step::kPage : Step::kWhole) {}

std::string MsListing::NextUrl() const {
  if (step_ == Step::kDone) return "";
  const absl::string_view call = step_ == Step::kPage ? "/tree" : "/files";
  const absl::string_view recursive = step_ == Step::kFolder ? "False" : "True";
  std::string url =
      absl::StrCat(base_, ApiPath(repo_), call, "?Revision=", EncodeComponent(revision_),
                   "&Recursive=", recursive);
  if (step_ == Step::kPage) {
    absl::StrAppend(&url, "&PageNumber=", replies_ + 1, "&PageSize=", kPageRows);
  }
  const bool in_folder = step_ == Step::kFolder && !folders_.front().empty();
  if (in_folder) absl::StrAppend(&url, "&Root=", EncodeComponent(folders_.front()));
  return url;
}

absl::StatusOr<std::vector<ManifestFile>> MsListing::Add(absl::string_view json) {
  if (step_ == Step::kDone) return absl::FailedPreconditionError("the listing is complete");
  HFGET_ASSIGN_OR_RETURN(MsReply reply, ReplyWalker(limits_.rows_per_reply).Read(json));
  HFGET_RETURN_IF_ERROR(CheckRefusal(reply));
  ++replies_;
  HFGET_RETURN_IF_ERROR(Advance(reply));
  const size_t to_come = step_ == Step::kFolder ? folders_.size() : step_ == Step::kDone ? 0 : 1;
  if (replies_ + to_come > limits_.requests) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the listing of ", repo_.name, " needs more than ", limits_.requests, " requests"));
  }
  return std::move(reply.files);
}

absl::Status MsListing::CheckRefusal(const MsReply& reply) const {
  const std::string repo = absl::StrCat(TypeName(repo_.type), " ", repo_.name);
  if (*reply.code == kCodeNoRepo) {
    return absl::NotFoundError(absl::StrCat("ModelScope has no ", repo));
  }
  if (*reply.code == kCodeNoAccess) {
    return absl::NotFoundError(absl::StrCat(
        "ModelScope has no ", repo,
        " for us: it may be private or gated, and then a ModelScope token that may read it is "
        "needed"));
  }
  const std::string no_revision = absl::StrCat("the ", repo, " of ModelScope has no revision \"",
                                               Printable(revision_), "\", or no files there");
  if (*reply.code == kCodeNoFile) return absl::NotFoundError(no_revision);
  if (*reply.code != kCodeOk || !reply.success) {
    return absl::InvalidArgumentError(absl::StrCat("ModelScope refuses to list the ", repo, ": ",
                                                   Words(reply.message), " (Code ", *reply.code,
                                                   ")"));
  }
  if (!reply.listed) return NotModelScope("the answer has no Files");
  // A revision that is not there lists as a success with null, or nothing, for its files. No repo
  // is without any.
  if (reply.rows == 0 && replies_ == 0) return absl::NotFoundError(no_revision);
  return absl::OkStatus();
}

absl::Status MsListing::Advance(MsReply& reply) {
  if (step_ == Step::kFolder) return AdvanceInFolder(reply);
  if (step_ == Step::kWhole) {
    step_ = Step::kDone;
    if (reply.rows < kRowsWhereCut) return absl::OkStatus();
    step_ = Step::kFolder;
    folders_.push_back("");
    reply.files.clear();  // they come again
    return absl::OkStatus();
  }
  if (reply.rows > kPageRows) {
    return NotModelScope(absl::StrCat("a page has ", reply.rows, " rows, not ", kPageRows));
  }
  if (reply.rows < kPageRows) step_ = Step::kDone;
  return absl::OkStatus();
}

absl::Status MsListing::AdvanceInFolder(MsReply& reply) {
  const std::string folder = std::move(folders_.front());
  folders_.pop_front();
  const std::string name =
      folder.empty() ? "the top folder" : absl::StrCat("\"", Printable(folder), "\"");
  if (reply.rows >= kRowsWhereCut) {
    return absl::ResourceExhaustedError(
        absl::StrCat(name, " of ", repo_.name, " has ", kRowsWhereCut,
                     " entries or more, of which ModelScope does not list the rest: it cannot be "
                     "listed in full"));
  }
  if (reply.rows == 0) {  // git has no empty folders
    return absl::InvalidArgumentError(absl::StrCat("the listing has nothing in ", name));
  }
  for (const ManifestFile& file : reply.files) HFGET_RETURN_IF_ERROR(CheckIn(folder, file.path));
  for (std::string& path : reply.folders) {
    HFGET_RETURN_IF_ERROR(CheckPath(path));
    HFGET_RETURN_IF_ERROR(CheckIn(folder, path));
    folders_.push_back(std::move(path));
  }
  if (folders_.empty()) step_ = Step::kDone;
  return absl::OkStatus();
}

}  // namespace hfget::hub
