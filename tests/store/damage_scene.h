// A store with something of every kind in it, what may be read of it, and ways to damage its files.
#ifndef HFGET_TESTS_STORE_DAMAGE_SCENE_H_
#define HFGET_TESTS_STORE_DAMAGE_SCENE_H_

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/store/store.h"

namespace hfget::store {

// Key -> serialised record, as the engine would see it.
using Records = std::map<std::string, std::string>;

// What was committed, in order. Thread: one.
class History {
 public:
  // The batches of a busy day, each with how it is to be committed; records of digests of about so
  // many bytes.
  static std::vector<std::pair<Batch, Durability>> Day(size_t digest_bytes);

  void Apply(const Batch& batch);

  // Empty: `read` is what is there now, but for pulls named "tail-…": of these a first part may do.
  std::string WrongAsWhole(const Records& read) const;
  // Empty: each value was written under its key once, and none may mislead: see salvage.h.
  std::string WrongAsSalvage(const Records& read) const;

 private:
  Records now_;
  std::map<std::string, std::set<std::string>> ever_;
};

// All that a store gives out, ReadProvenance of every transfer ever made included.
Records ReadRecords(StateStore& store);

struct Harm {
  std::string what;
  std::function<void(const std::filesystem::path&)> apply;
};
// Everything that is tried on one file; `thorough` tries more places.
std::vector<Harm> HarmsOf(const std::filesystem::path& file, bool thorough);

std::string ReadBytes(const std::filesystem::path& path);
void WriteBytes(const std::filesystem::path& path, const std::string& bytes);

}  // namespace hfget::store

#endif  // HFGET_TESTS_STORE_DAMAGE_SCENE_H_
