// The bearer token that lets a TCP client in.
#ifndef HFGET_DAEMON_RPC_API_TOKEN_H_
#define HFGET_DAEMON_RPC_API_TOKEN_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/base/secret.h"
#include "grpcpp/security/auth_metadata_processor.h"

namespace hfget::rpc {

// A small file of ours (a token, a key) that nobody else can read. Errors: FAILED_PRECONDITION, one line with what to do, without
// a word of what it holds.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path, absl::string_view what);

// The token in a file, which may be changed under us: it is looked at with each call, and read anew when it is another one. While
// what is there cannot be used, nobody comes in: an old token that was taken away must not live on. Thread: any.
class ApiToken {
 public:
  static constexpr size_t kLeastChars = 32;
  static constexpr size_t kMostChars = 4096;

  // Errors: FAILED_PRECONDITION: not there, not ours, readable by others, too short to be a secret, not a token.
  static absl::StatusOr<std::unique_ptr<ApiToken>> Open(const std::string& path);

  // `authorization`: the header's value; empty: none came. In time that does not depend on what is right about it. Errors:
  // UNAUTHENTICATED, without a word of either.
  absl::Status Check(absl::string_view authorization);

 private:
  struct Look {
    uint64_t device = 0, inode = 0;
    int64_t size = -1, modified_ns = 0, changed_ns = 0;
    bool operator==(const Look&) const = default;
  };

  explicit ApiToken(std::string path) : path_(std::move(path)) {}

  Look LookAt() const;
  absl::Status Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string path_;
  absl::Mutex mu_;
  Look seen_ ABSL_GUARDED_BY(mu_);
  std::string digest_ ABSL_GUARDED_BY(mu_);  // SHA-256 of the token; empty: there is none that could be used
};

// Every call on a TCP connection, those of health and reflection too, goes through it before a handler sees it; the token does not
// go on to the handler.
class TokenProcessor final : public grpc::AuthMetadataProcessor {
 public:
  explicit TokenProcessor(std::shared_ptr<ApiToken> token) : token_(std::move(token)) {}

  bool IsBlocking() const override { return false; }  // a stat of one file
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  const std::shared_ptr<ApiToken> token_;
};

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_API_TOKEN_H_
