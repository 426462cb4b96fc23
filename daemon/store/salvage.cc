#include "daemon/store/salvage.h"

#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "daemon/base/file_system.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/store/keys.h"
#include "daemon/store/rocks_status.h"
#include "hfget/v1/records.pb.h"

namespace hfget::store {
namespace {

namespace fs = std::filesystem;
using records::v1::BenchRecord, records::v1::PullRecord, records::v1::SchemaRecord, records::v1::SourceRecord,
    records::v1::TransferRecord;

rocksdb::Slice SliceOf(absl::string_view text) { return {text.data(), text.size()}; }

// Tables and logs: the repair makes the rest anew. One that cannot be read is left out.
void CopyData(const std::string& from, const std::string& to) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(from, ignored)) {
    const fs::path& file = entry.path();
    const bool data = file.extension() == ".sst" || file.extension() == ".log";
    if (!data || !entry.is_regular_file(ignored)) continue;
    fs::copy_file(file, fs::path(to) / file.filename(), ignored);
  }
}

using Found = std::map<std::string, std::string>;
using NewIterator = absl::FunctionRef<rocksdb::Iterator*(const rocksdb::ReadOptions&)>;

// What a value may be believed to say; "": nothing.
template <typename Record, typename Change>
std::string Believed(const rocksdb::Slice& value, Change change) {
  Record record;
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size()))) return "";
  change(record);
  return record.SerializeAsString();
}

std::string BelievedOf(absl::string_view prefix, const rocksdb::Slice& value) {
  if (prefix == kPullPrefix) return Believed<PullRecord>(value, [](PullRecord&) {});
  if (prefix == kTransferPrefix) {
    return Believed<TransferRecord>(value, [](TransferRecord& t) { t.clear_hash_state(); });
  }
  if (prefix == kSourcePrefix) {
    return Believed<SourceRecord>(value, [](SourceRecord& s) { s.clear_proof(); });
  }
  if (prefix == kBenchPrefix) return Believed<BenchRecord>(value, [](BenchRecord&) {});
  return Believed<SchemaRecord>(value, [](SchemaRecord&) {});
}

// From both ends up to a damaged block, when there is one.
void ReadBothWays(NewIterator new_iterator, absl::string_view prefix, Found& found) {
  std::string end(prefix);
  ++end.back();
  const rocksdb::Slice lower = SliceOf(prefix), upper(end);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  const auto take = [&](const rocksdb::Iterator& i) {
    std::string value = BelievedOf(prefix, i.value());
    if (!value.empty()) found[i.key().ToString()] = std::move(value);
  };
  const std::unique_ptr<rocksdb::Iterator> i(new_iterator(options));
  for (i->SeekToFirst(); i->Valid(); i->Next()) take(*i);
  if (i->status().ok()) return;
  for (i->SeekToLast(); i->Valid(); i->Prev()) take(*i);
}

void ReadKinds(NewIterator new_iterator, Found& found) {
  for (const absl::string_view kind : {kSchemaKey, kPullPrefix, kTransferPrefix, kSourcePrefix, kBenchPrefix}) {
    ReadBothWays(new_iterator, kind, found);
  }
}

// The repair puts a table with one damaged block away as a whole.
void ReadLostTables(const std::string& folder, const rocksdb::Options& options, Found& found) {
  std::error_code ignored;
  std::set<std::string> tables;  // a later one has a higher number
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".sst") tables.insert(entry.path());
  }
  for (const std::string& table : tables) {
    rocksdb::SstFileReader reader(options);
    if (!reader.Open(table).ok()) continue;
    ReadKinds([&](const rocksdb::ReadOptions& read) { return reader.NewIterator(read); }, found);
  }
}

absl::Status ReadRepaired(const std::string& work, const rocksdb::Options& options, Found& found) {
  rocksdb::DB* opened = nullptr;
  HFGET_RETURN_IF_ERROR(CallRocks([&] { return rocksdb::RepairDB(work, options); }));
  return CallRocks([&] {
    ReadLostTables(JoinPath(work, "lost"), options, found);
    const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, work, &opened);
    if (!status.ok()) return status;
    const std::unique_ptr<rocksdb::DB> db(opened);
    ReadKinds([&](const rocksdb::ReadOptions& read) { return db->NewIterator(read); }, found);
    return status;
  });
}

// False: of a version that is not known, or newer.
bool SettleSchema(const DatabasePlace& place, Found& found) {
  std::string& value = found[std::string(kSchemaKey)];
  SchemaRecord record;
  if (!record.ParseFromString(value) || record.version() < 1) {
    value = SchemaRecordByFile(place.env, place.path);
    record.ParseFromString(value);
  }
  return record.version() >= 1 && record.version() <= place.schema->version;
}

Salvaged Batched(const Found& found) {
  Salvaged salvaged;
  for (const auto& [key, value] : found) {
    if (!salvaged.records.Put(key, value).ok()) continue;
    salvaged.pulls += absl::StartsWith(key, kPullPrefix);
    salvaged.transfers += absl::StartsWith(key, kTransferPrefix);
    salvaged.sources += absl::StartsWith(key, kSourcePrefix);
  }
  return salvaged;
}

}  // namespace

Salvaged Salvage(const DatabasePlace& place, const std::string& work) {
  Found found;
  std::error_code error;
  if (fs::create_directories(work, error)) {
    CopyData(place.path, work);
    const absl::Status status =
        ReadRepaired(work, LookingOptions(place.env, LogRecovery::kBeforeDamage), found);
    if (!status.ok()) spdlog::warn("the damaged store cannot be repaired: {}", status.ToString());
  }
  fs::remove_all(work, error);
  return SettleSchema(place, found) ? Batched(found) : Salvaged{};
}

}  // namespace hfget::store
