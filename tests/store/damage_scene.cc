#include "tests/store/damage_scene.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"

namespace hfget::store {
namespace {

namespace fs = std::filesystem;
using records::v1::ProvenanceRecord, records::v1::PullRecord, records::v1::SourceRecord,
    records::v1::TransferRecord;

constexpr int kTransfers = 6;

std::string Noise(size_t bytes, uint32_t seed) {
  std::mt19937 random(seed);
  std::string noise(bytes, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

std::string PartialPath(int i) { return absl::StrCat("/cache/.hfget/", i, ".partial"); }

void AddPull(Batch& batch, const std::string& id, int64_t sequence, int state) {
  PullRecord pull;
  pull.set_id(id);
  pull.set_repo(absl::StrCat("org/model-", sequence));
  pull.set_sequence(sequence);
  pull.set_state(state);
  pull.set_error_message(
      absl::BytesToHexString(Noise(100, static_cast<uint32_t>(sequence * 16 + state))));
  batch.puts.emplace_back(PullKey(id), pull.SerializeAsString());
}

void AddSource(Batch& batch, const std::string& name, int round) {
  SourceRecord source;
  source.set_name(name);
  source.set_rate_bytes_per_sec(1e6 + round);
  source.set_switched_off(name == "tuna");
  for (int i = 0; i <= round; ++i) {
    source.add_convictions()->set_evidence(absl::StrCat("piece ", i));
  }
  source.mutable_proof()->set_verdict(1 + round % 2);
  batch.puts.emplace_back(SourceKey(name), source.SerializeAsString());
}

void AddTransfer(Batch& batch, int i, int round, size_t digest_bytes) {
  TransferRecord transfer;
  transfer.set_partial_path(PartialPath(i));
  transfer.set_size_bytes(int64_t{1} << 30);
  transfer.set_durable_pieces(std::string(static_cast<size_t>(10 + round), '\xff'));
  transfer.set_hashed_bytes(round << 20);
  transfer.set_hash_state(Noise(100, static_cast<uint32_t>(round)));
  batch.puts.emplace_back(TransferKey(PartialPath(i)), transfer.SerializeAsString());
  ProvenanceRecord run;
  run.add_sources("official");
  run.set_digests(Noise(digest_bytes, static_cast<uint32_t>(round * 64 + i)));
  batch.puts.emplace_back(ProvenanceKey(PartialPath(i), round % 3 * 1024), run.SerializeAsString());
}

std::string WithoutMidstate(const std::string& value) {
  TransferRecord transfer;
  transfer.ParseFromString(value);
  transfer.clear_hash_state();
  return transfer.SerializeAsString();
}

std::string WithoutProof(const std::string& value) {
  SourceRecord source;
  source.ParseFromString(value);
  source.clear_proof();
  return source.SerializeAsString();
}

std::string Flipped(std::string bytes, size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
  return bytes;
}

// Nothing is read of the rest, but RocksDB moves, replaces or removes it.
bool HoldsState(const std::string& name) {
  return absl::EndsWith(name, ".sst") || absl::EndsWith(name, ".log") || name == "CURRENT" ||
         absl::StartsWith(name, "MANIFEST") || name == "SEAL" || name == "PROMISED" ||
         name == "SCHEMA";
}

std::set<size_t> PlacesToFlip(const std::string& name, size_t size, bool thorough) {
  if (!HoldsState(name)) return {0, size / 2, size - 1};
  std::set<size_t> places;
  const size_t spread = thorough ? 96 : 24, head = thorough ? 48 : 12, tail = thorough ? 48 : 16;
  for (size_t i = 0; i < spread; ++i) places.insert(size * i / spread + i % 7);
  for (size_t i = 0; i < head; ++i) places.insert(i);
  for (size_t i = 0; i < tail; ++i) places.insert(size - 1 - i * 3);
  places.erase(places.lower_bound(size), places.end());
  return places;
}

}  // namespace

std::vector<std::pair<Batch, Durability>> History::Day(size_t digest_bytes) {
  std::vector<std::pair<Batch, Durability>> day;
  for (int round = 0; round < 40; ++round) {
    Batch progress;
    for (int i = 0; i < kTransfers; ++i) AddTransfer(progress, i, round, digest_bytes);
    AddPull(progress, absl::StrCat("again-", round % 4), round % 4, 2 + round % 3);
    day.emplace_back(std::move(progress), Durability::kProgress);
    Batch promise;
    AddPull(promise, absl::StrCat("pull-", round), 100 + round, 1 + round % 9);
    for (const char* source : {"official", "tuna", "hf-mirror"}) AddSource(promise, source, round);
    if (round % 8 == 7) {
      promise.deletes.push_back(PullKey(absl::StrCat("pull-", round - 3)));
      promise.deletes.push_back(TransferKey(PartialPath(round % kTransfers)));
      promise.delete_prefixes.push_back(ProvenancePrefix(PartialPath(round % kTransfers)));
    }
    day.emplace_back(std::move(promise), Durability::kPromise);
  }
  for (int i = 0; i < 5; ++i) {
    Batch tail;
    AddPull(tail, absl::StrCat("tail-", i), 1000 + i, 1);
    day.emplace_back(std::move(tail), Durability::kProgress);
  }
  return day;
}

void History::Apply(const Batch& batch) {
  for (const std::string& prefix : batch.delete_prefixes) {
    std::erase_if(now_, [&](const auto& r) { return absl::StartsWith(r.first, prefix); });
  }
  for (const std::string& key : batch.deletes) now_.erase(key);
  for (const auto& [key, value] : batch.puts) {
    now_[key] = value;
    ever_[key].insert(value);
  }
}

std::string History::WrongAsWhole(const Records& read) const {
  bool tail_ended = false;
  for (const auto& [key, value] : now_) {
    const auto found = read.find(key);
    const bool tail = absl::StartsWith(key, "p/tail-");
    if (tail && found == read.end()) tail_ended = true;
    if (tail && tail_ended && found != read.end()) return "a later change without an earlier one";
    if (!tail && found == read.end()) return "without a word lost: " + key;
    if (found != read.end() && found->second != value) return "without a word stale: " + key;
  }
  for (const auto& [key, value] : read) {
    if (now_.count(key) == 0) return "without a word back from the dead: " + key;
  }
  return "";
}

std::string History::WrongAsSalvage(const Records& read) const {
  for (const auto& [key, value] : read) {
    const auto ever = ever_.find(key);
    if (ever == ever_.end()) return "never written: " + key;
    const bool known = std::any_of(ever->second.begin(), ever->second.end(), [&](const auto& v) {
      return v == value || (absl::StartsWith(key, "t/") && WithoutMidstate(v) == value) ||
             (absl::StartsWith(key, "s/") && WithoutProof(v) == value);
    });
    if (!known) return "a value that was never written: " + key;
  }
  return "";
}

Records ReadRecords(StateStore& store) {
  Records records;
  const Contents contents = store.Load();
  for (const auto& pull : contents.pulls) records[PullKey(pull.id())] = pull.SerializeAsString();
  for (const auto& s : contents.sources) records[SourceKey(s.name())] = s.SerializeAsString();
  for (const auto& [key, t] : contents.transfers) {
    records[TransferKey(key)] = t.SerializeAsString();
  }
  for (int i = 0; i < kTransfers; ++i) {
    absl::Notification done;
    store.ReadProvenance(PartialPath(i), [&](auto runs) {
      if (!runs.ok()) records["unreadable"] = std::string(runs.status().message());
      if (runs.ok()) {
        for (const auto& [piece, run] : *runs) {
          records[ProvenanceKey(PartialPath(i), piece)] = run.SerializeAsString();
        }
      }
      done.Notify();
    });
    done.WaitForNotification();
  }
  return records;
}

std::vector<Harm> HarmsOf(const fs::path& file, bool thorough) {
  const std::string bytes = ReadBytes(file);
  const size_t size = bytes.size();
  std::vector<Harm> harms = {
      {"deleted", [](const fs::path& path) { fs::remove(path); }},
      {"a folder in its place", [](const fs::path& path) {
         fs::remove(path);
         fs::create_directories(path / "inside");
       }},
      {"emptied", [](const fs::path& path) { WriteBytes(path, ""); }},
      {"garbage of its length", [=](const fs::path& path) { WriteBytes(path, Noise(size, 1)); }},
      {"zeros of its length", [=](const fs::path& p) { WriteBytes(p, std::string(size, '\0')); }},
      {"garbage behind it", [=](const fs::path& p) { WriteBytes(p, bytes + Noise(100, 2)); }},
  };
  if (size == 0) return harms;
  std::set<size_t> cuts = {size / 4, size / 2, size - size / 8, size - 1};
  for (size_t i = 1; thorough && i < 24; ++i) cuts.insert(size * i / 24);
  for (const size_t cut : cuts) {
    harms.push_back({absl::StrCat("cut to ", cut, " of ", size),
                     [=](const fs::path& path) { fs::resize_file(path, cut); }});
  }
  for (const size_t at : PlacesToFlip(file.filename(), size, thorough)) {
    harms.push_back({absl::StrCat("flipped at ", at, " of ", size),
                     [=](const fs::path& path) { WriteBytes(path, Flipped(bytes, at)); }});
  }
  return harms;
}

std::string ReadBytes(const fs::path& path) {
  if (fs::is_directory(path)) return "a folder";
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void WriteBytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace hfget::store
