// The note beside the database.
#include "daemon/store/seal.h"

#include <rocksdb/env.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  static rocksdb::Env* const env = rocksdb::NewMemEnv(rocksdb::Env::Default());
  static const bool made = env->CreateDirIfMissing("/db").ok();
  HOLDS(made && rocksdb::WriteStringToFile(env, std::string(input), "/db/SEAL").ok());
  const store::Seal seal = store::ReadSeal(env, "/db");
  if (seal.sequence != 0 || seal.log != 0) {
    const std::string half = absl::StrCat(seal.sequence, " ", seal.log);
    HOLDS(input == absl::StrCat(half, " ", half, "\n"));
  }
  HOLDS(store::WriteSeal(env, "/db", seal).ok());
  const store::Seal again = store::ReadSeal(env, "/db");
  HOLDS(again.sequence == seal.sequence && again.log == seal.log);
}

}  // namespace hfget::fuzz
