#include "daemon/store/set_aside.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "daemon/base/file_system.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/store/salvage.h"

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

absl::Status Rename(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  return error ? ErrnoStatus(error.value(), absl::StrCat("cannot rename ", from, " to"), to)
               : absl::OkStatus();
}

// RocksDB's messages can have several lines; a log's and a user's have one.
std::string OneLine(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\n", " "}, {"\r", " "}});
}

std::string NewName(const std::string& path) { return path + ".new"; }

std::string Count(int n, absl::string_view what) {
  return absl::StrCat(n, " ", what, n == 1 ? "" : "s");
}

std::string NoteOf(const absl::Status& damage, const std::string& aside, const Salvaged& kept) {
  std::string note = absl::StrCat("The state store was damaged (", OneLine(damage.message()),
                                  ") and is set aside as ", aside,
                                  ": finished files are not touched; ");
  if (kept.pulls == 0 && kept.transfers == 0) {
    absl::StrAppend(&note, "the list of pulls is lost and unfinished files begin again: ",
                    "pull again what was not done");
  } else {
    absl::StrAppend(&note, Count(kept.pulls, "pull"), " and ",
                    Count(kept.transfers, "unfinished file"),
                    " could be read and go on, maybe from an older state (see hfget ps); what is "
                    "missing can be pulled again");
  }
  return note;
}

// A new store with what could be saved, then the old one out of its place. In this order: whatever
// fails, such as a full disk, fails before anything was moved.
absl::StatusOr<std::string> Replace(const DatabasePlace& place, absl::Time now,
                                    const absl::Status& damage) {
  const std::string fresh = NewName(place.path), aside = AsideName(place.path, now);
  std::error_code ignored;
  fs::remove_all(fresh, ignored);
  Salvaged salvaged = Salvage(place, place.path + ".repair");
  absl::Status status = Database::Make({place.env, fresh, place.schema}, salvaged.records).status();
  if (status.ok()) status = Rename(place.path, aside);
  if (status.ok()) status = Rename(fresh, place.path);
  if (status.ok()) return NoteOf(damage, aside, salvaged);
  if (!fs::exists(place.path, ignored)) fs::rename(aside, place.path, ignored);
  fs::remove_all(fresh, ignored);
  return Annotate(status, absl::StrCat("the state store is damaged (", OneLine(damage.message()),
                                       ") and cannot be replaced, nothing was moved"));
}

// The process died between Replace's renames.
void FinishReplacing(const std::string& path) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error)) && fs::exists(NewName(path), error)) {
    fs::rename(NewName(path), path, error);
  }
}

// What the folder needs before it can be opened.
struct Verdict {
  LogRecovery recovery = LogRecovery::kStrict;
  std::string note;
};

absl::StatusOr<Verdict> Mend(const DatabasePlace& place, absl::Time now,
                             const absl::Status& damage) {
  const std::string aside = AsideName(place.path, now);
  // A power cut can damage the log's end, where nothing was promised yet: that must not cost all
  // that stands before.
  if (InspectDatabase(place, LogRecovery::kBeforeDamage).ok() && Copy(place.path, aside)) {
    return Verdict{LogRecovery::kBeforeDamage,
                   absl::StrCat("The end of the state store's log was damaged (",
                                OneLine(damage.message()), "): finished files are not touched, ",
                                "what was recorded before goes on, a copy of all is in ", aside)};
  }
  HFGET_ASSIGN_OR_RETURN(std::string note, Replace(place, now, damage));
  return Verdict{LogRecovery::kStrict, std::move(note)};
}

// Not the others: what is wrong with the machine passes, and would be wrong with a new store too.
bool IsDamage(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsInternal(status);
}

// With what to do, where that is known.
absl::Status Refusal(const absl::Status& status, const std::string& path) {
  std::string text = absl::StrCat("the state store ", path, ": ", OneLine(status.message()));
  if (absl::IsResourceExhausted(status)) {
    absl::StrAppend(&text, "; free some space (or memory, or descriptors), then start hfgetd ",
                    "again: the store is as it was");
  } else if (absl::IsPermissionDenied(status)) {
    absl::StrAppend(&text, "; make it readable and writable for this user, or choose another "
                           "--state-dir: the store is as it was");
  }
  return absl::Status(status.code(), text);
}

// Under the lock, and so with the folder that is there to stay.
absl::StatusOr<Verdict> Judge(const DatabasePlace& place, absl::Time now, absl::Status damage) {
  absl::StatusOr<std::unique_ptr<FolderLock>> lock = FolderLock::Take(place.env, place.path);
  // No lock can be had where there is a folder in its place; the daemon holds one of its own.
  if (!lock.ok() && !absl::IsDataLoss(lock.status())) return lock.status();
  if (damage.ok()) damage = lock.status();
  const bool known = !damage.ok();
  if (!known) damage = InspectDatabase(place, LogRecovery::kStrict);
  if (damage.ok()) return Verdict{};
  if (!IsDamage(damage)) return damage;
  if (!known) return Mend(place, now, damage);
  HFGET_ASSIGN_OR_RETURN(std::string note, Replace(place, now, damage));
  return Verdict{LogRecovery::kStrict, std::move(note)};
}

}  // namespace

DatabasePlace PlaceOf(const RocksStoreOptions& options, const std::string& path) {
  return {options.env == nullptr ? rocksdb::Env::Default() : options.env, path,
          options.schema == nullptr ? &CurrentSchema() : options.schema};
}

absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const DatabasePlace& place) {
  {
    const absl::StatusOr<std::unique_ptr<FolderLock>> lock =
        FolderLock::Take(place.env, place.path);
    const absl::Status status =
        lock.ok() ? InspectDatabase(place, LogRecovery::kStrict) : lock.status();
    if (!status.ok()) return Refusal(status, place.path);
  }
  absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(place, LogRecovery::kStrict);
  if (!database.ok()) return Refusal(database.status(), place.path);
  return database;
}

absl::StatusOr<std::unique_ptr<Database>> OpenOrReplaceDatabase(const DatabasePlace& place,
                                                                absl::Time now, std::string& note) {
  FinishReplacing(place.path);
  absl::Status damage;
  // Twice, because some damage shows only when RocksDB opens for writing.
  for (int attempt = 0;; ++attempt) {
    const absl::StatusOr<Verdict> verdict = Judge(place, now, damage);
    if (!verdict.ok()) return Refusal(verdict.status(), place.path);
    if (!verdict->note.empty()) {
      note = verdict->note;
      spdlog::warn("{}", note);  // at once: whatever comes next, it has happened
    }
    absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(place, verdict->recovery);
    if (database.ok()) return database;
    damage = database.status();
    if (attempt > 0 || !IsDamage(damage)) return Refusal(damage, place.path);
  }
}

}  // namespace hfget::store
