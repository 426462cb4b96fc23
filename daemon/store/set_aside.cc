#include "daemon/store/set_aside.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace hfget::store {
namespace {

namespace fs = std::filesystem;

// A name that nothing has yet.
std::string AsideName(const std::string& path, absl::Time now) {
  const std::string base =
      absl::StrCat(path, ".broken-", absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone()));
  std::string name = base;
  std::error_code error;
  for (int i = 2; fs::exists(fs::symlink_status(name, error)); ++i)
    name = absl::StrCat(base, "-", i);
  return name;
}

// All is there or nothing is.
bool Copy(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive, error);
  if (!error) return true;
  std::error_code ignored;
  fs::remove_all(to, ignored);
  return false;
}

// What the folder needs before it can be opened.
struct Verdict {
  LogRecovery recovery = LogRecovery::kStrict;
  std::string note;
};

absl::StatusOr<Verdict> Mend(rocksdb::Env* env, const std::string& path, absl::Time now,
                             const absl::Status& damage) {
  const std::string aside = AsideName(path, now);
  // A power cut can damage the log's end, where nothing was promised yet: that must not cost all
  // that stands before.
  if (InspectDatabase(env, path, LogRecovery::kBeforeDamage).ok() && Copy(path, aside)) {
    return Verdict{LogRecovery::kBeforeDamage,
                   absl::StrCat("The end of the state store's log was damaged (", damage.message(),
                                "): what stood before goes on, a copy of all is in ", aside)};
  }
  std::error_code error;
  fs::rename(path, aside, error);
  if (error) {
    return Annotate(ErrnoStatus(error.value(), "cannot set it aside as", aside),
                    absl::StrCat("the state store is damaged (", damage.message(), ") and"));
  }
  return Verdict{
      LogRecovery::kStrict,
      absl::StrCat("The state store was damaged (", damage.message(), ") and is set aside as ",
                   aside, ": finished files are not touched, unfinished ones begin again")};
}

// Not the others: what is wrong with the machine passes, and would be wrong with a new store too.
bool IsDamage(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsInternal(status) || absl::IsPermissionDenied(status);
}

}  // namespace

rocksdb::Env* EnvOf(const RocksStoreOptions& options) {
  return options.env == nullptr ? rocksdb::Env::Default() : options.env;
}

absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(rocksdb::Env* env, const std::string& path) {
  const std::string what = absl::StrCat("the state store ", path);
  {
    HFGET_ASSIGN_OR_RETURN(const std::unique_ptr<FolderLock> lock, FolderLock::Take(env, path));
    HFGET_RETURN_IF_ERROR(Annotate(InspectDatabase(env, path, LogRecovery::kStrict), what));
  }
  absl::StatusOr<std::unique_ptr<Database>> database =
      Database::Open(env, path, LogRecovery::kStrict);
  if (!database.ok()) return Annotate(database.status(), what);
  return database;
}

absl::StatusOr<std::unique_ptr<Database>> OpenOrReplaceDatabase(rocksdb::Env* env,
                                                                const std::string& path,
                                                                absl::Time now, std::string& note) {
  Verdict verdict;
  {
    HFGET_ASSIGN_OR_RETURN(const std::unique_ptr<FolderLock> lock, FolderLock::Take(env, path));
    const absl::Status status = InspectDatabase(env, path, LogRecovery::kStrict);
    if (!status.ok() && !IsDamage(status))
      return Annotate(status, absl::StrCat("the state store ", path));
    if (!status.ok()) {
      HFGET_ASSIGN_OR_RETURN(verdict, Mend(env, path, now, status));
      spdlog::error("{}", verdict.note);
    }
  }
  note = verdict.note;
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "cannot make the folder", path);
  return Database::Open(env, path, verdict.recovery);
}

}  // namespace hfget::store
