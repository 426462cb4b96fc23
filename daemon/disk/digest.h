// Digests: the whole-file hash that a hub promises, with a state that outlives the process, and the
// keyed digest of a piece.
#ifndef HFGET_DAEMON_DISK_DIGEST_H_
#define HFGET_DAEMON_DISK_DIGEST_H_

#include <openssl/sha.h>

#include <atomic>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/base/content_hash.h"
#include "daemon/base/file_system.h"
#include "daemon/base/types.h"
#include "daemon/disk/disk.h"

namespace hfget::disk {

// A git blob SHA-1 or a SHA-256 that can be stopped after any byte, stored, and taken up by another
// process. A value: a copy is 120 bytes. OpenSSL's EVP interface cannot export its state, hence the
// low-level one beneath (same speed, SHA-NI). Thread: one at a time.
class FileHasher {
 public:
  // `file_size` is part of a git blob's hash. kNone hashes nothing and answers an empty
  // ContentHash.
  FileHasher(ContentHash::Kind kind, ByteCount file_size);

  // A hasher that stands after `hashed_bytes`; nullopt when `state` is not one of this kind at that
  // place.
  static std::optional<FileHasher> FromState(ContentHash::Kind kind, ByteCount file_size,
                                             ByteCount hashed_bytes, absl::string_view state);
  std::string ExportState() const;  // at most 112 bytes

  void Update(absl::string_view bytes);
  ByteCount hashed_bytes() const { return hashed_bytes_; }
  ContentHash Result() const;  // of the bytes so far

 private:
  std::variant<std::monostate, SHA_CTX, SHA256_CTX> context_;
  ByteCount hashed_bytes_ = 0;
};

// Tells pieces apart, under a key that no source knows, so that a source cannot make two pieces
// look equal. Constant after construction.
class PieceDigester {
 public:
  explicit PieceDigester(absl::string_view key);
  PieceDigest operator()(absl::string_view bytes) const;

 private:
  std::string secret_;
};

// The hash, in hex and of the kind of `like`, of a file that lies somewhere already. Blocks, for
// seconds when it is large; setting `*stop` ends it. Errors: CANCELLED when stopped; those of
// reading.
absl::StatusOr<std::string> HashFile(FileSystem& fs, const std::string& path,
                                     const ContentHash& like,
                                     const std::atomic<bool>* stop = nullptr);

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_DIGEST_H_
