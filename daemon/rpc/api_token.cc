#include "daemon/rpc/api_token.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/log.h"
#include "daemon/base/sha256.h"
#include "daemon/base/status.h"
#include "daemon/rpc/convert.h"

namespace hfget::rpc {
namespace {

constexpr size_t kMostBytes = 1 << 20;  // a chain of certificates beside a key
constexpr char kHow[] = "send \"authorization: Bearer TOKEN\" (hfget: --api-token-file FILE or HFGET_API_TOKEN_FILE)";

absl::Status Unfit(absl::string_view what, const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(what, " ", path, " ", why));
}

int64_t Nanoseconds(const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

}  // namespace

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path, absl::string_view what) {
  // A pipe must not keep us waiting. Links are followed: a mounted secret is one.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Unfit(what, path, absl::StrCat("cannot be read: ", std::strerror(errno)));
  const absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return Unfit(what, path, "is no regular file");
  if (info.st_uid != geteuid() && info.st_uid != 0) return Unfit(what, path, "belongs to another user: chown it to the daemon's");
  if ((info.st_mode & 0077) != 0) return Unfit(what, path, "can be read by others: chmod 600 it");
  std::string text(kMostBytes + 1, '\0');
  size_t length = 0;
  while (length < text.size()) {
    const ssize_t n = read(fd, text.data() + length, text.size() - length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Unfit(what, path, absl::StrCat("cannot be read: ", std::strerror(errno)));
    if (n == 0) break;
    length += static_cast<size_t>(n);
  }
  if (length > kMostBytes) return Unfit(what, path, "is too long");
  text.resize(length);
  return text;
}

absl::StatusOr<std::unique_ptr<ApiToken>> ApiToken::Open(const std::string& path) {
  std::unique_ptr<ApiToken> token(new ApiToken(path));
  absl::MutexLock lock(&token->mu_);
  token->seen_ = token->LookAt();
  HFGET_RETURN_IF_ERROR(token->Read());
  return token;
}

ApiToken::Look ApiToken::LookAt() const {
  struct stat info {};
  if (stat(path_.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, Nanoseconds(info.st_mtim), Nanoseconds(info.st_ctim)};
}

absl::Status ApiToken::Read() {
  digest_.clear();
  absl::StatusOr<std::string> text = ReadPrivateFile(path_, "the API's token file");
  if (!text.ok()) return text.status();
  const Secret whole(*std::move(text));  // wiped at the end
  const absl::string_view token = absl::StripAsciiWhitespace(whole.Reveal());
  const bool plain = std::all_of(token.begin(), token.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
  if (!plain || token.size() > kMostChars) {
    return Unfit("the API's token file", path_, "must hold one word without spaces and accents");
  }
  if (token.size() < kLeastChars) {
    return Unfit("the API's token file", path_,
                 absl::StrCat("holds fewer than ", kLeastChars, " characters: make one with openssl rand -hex 32"));
  }
  digest_ = Sha256Hex(token);
  return absl::OkStatus();
}

absl::Status ApiToken::Check(absl::string_view authorization) {
  std::string right;
  {
    absl::MutexLock lock(&mu_);
    if (const Look look = LookAt(); !(look == seen_)) {
      seen_ = look;
      const absl::Status status = Read();
      if (status.ok()) {
        spdlog::info("the API's token file has changed and was read anew");
      } else {
        spdlog::error("nobody can come in by TCP: {}", status.message());
      }
    }
    right = digest_;
  }
  if (authorization.empty()) return absl::UnauthenticatedError(absl::StrCat("this daemon wants its API token: ", kHow));
  const bool bearer = absl::StartsWithIgnoreCase(authorization, "Bearer ");
  const absl::string_view token = absl::StripAsciiWhitespace(authorization.substr(bearer ? 7 : 0));
  // Digests have one length, and tell nothing about how much of a guess is right.
  const std::string came = Sha256Hex(token.substr(0, kMostChars + 1));
  const bool equal = right.size() == came.size() && CRYPTO_memcmp(right.data(), came.data(), came.size()) == 0;
  if (bearer && equal) return absl::OkStatus();
  return absl::UnauthenticatedError(absl::StrCat("the API token is not the right one: ", kHow));
}

grpc::Status TokenProcessor::Process(const InputMetadata& metadata, grpc::AuthContext*, OutputMetadata* consumed, OutputMetadata*) {
  absl::string_view value;
  for (auto [it, end] = metadata.equal_range("authorization"); it != end; ++it) {
    value = absl::string_view(it->second.data(), it->second.size());
    consumed->emplace("authorization", std::string(value));
  }
  return ToGrpc(token_->Check(value));
}

}  // namespace hfget::rpc
