// The low-level SHA interface is deprecated because it cannot be moved to a provider; its plain
// state is why it is used.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "daemon/disk/digest.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/base/internal/endian.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "daemon/base/status.h"
#include "xxhash.h"
#if defined(__x86_64__) && __has_include("xxh_x86dispatch.h")
#include "xxh_x86dispatch.h"  // the widest vectors that this processor has, instead of what all have
#endif

namespace hfget::disk {
namespace {

constexpr size_t kBlockBytes = 64;  // of SHA-1 and SHA-256 alike

// One set of names over OpenSSL's two families.
void Init(SHA_CTX& c) { SHA1_Init(&c); }
void Init(SHA256_CTX& c) { SHA256_Init(&c); }
void Add(SHA_CTX& c, absl::string_view bytes) { SHA1_Update(&c, bytes.data(), bytes.size()); }
void Add(SHA256_CTX& c, absl::string_view bytes) { SHA256_Update(&c, bytes.data(), bytes.size()); }
std::string Final(SHA_CTX c) {
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1_Final(reinterpret_cast<unsigned char*>(digest.data()), &c);
  return digest;
}
std::string Final(SHA256_CTX c) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &c);
  return digest;
}
absl::Span<SHA_LONG> Words(SHA256_CTX& c) { return absl::MakeSpan(c.h); }

// A state is: kind, chaining words, message length, unfinished block. Numbers are big-endian, so
// that a state directory may move between machines.
constexpr char kSha1State = '1';
constexpr char kSha256State = '2';

std::string GitHeader(ByteCount file_size) {
  std::string header = absl::StrCat("blob ", file_size);
  header.push_back('\0');
  return header;
}

void PutWord(std::string& out, SHA_LONG word) {
  char bytes[4];
  absl::big_endian::Store32(bytes, word);
  out.append(bytes, sizeof bytes);
}

SHA_LONG TakeWord(absl::string_view& in) {
  const SHA_LONG word = absl::big_endian::Load32(in.data());
  in.remove_prefix(4);
  return word;
}

template <typename Context>
void PutTail(std::string& out, const Context& c) {
  PutWord(out, c.Nh);
  PutWord(out, c.Nl);
  out.append(reinterpret_cast<const char*>(c.data), c.num);
}

// REQUIRES: in.size() >= 8. False unless `in` is the tail of a message of `length` bytes.
template <typename Context>
bool TakeTail(absl::string_view in, uint64_t length, Context& c) {
  c.Nh = TakeWord(in);
  c.Nl = TakeWord(in);
  const uint64_t bits = (uint64_t{c.Nh} << 32) | c.Nl;
  if (bits != length * 8 || in.size() != length % kBlockBytes) return false;
  c.num = static_cast<unsigned>(in.size());
  std::memcpy(c.data, in.data(), in.size());
  return true;
}

std::string Export(const SHA_CTX& c) {
  std::string out(1, kSha1State);
  for (SHA_LONG word : {c.h0, c.h1, c.h2, c.h3, c.h4}) PutWord(out, word);
  PutTail(out, c);
  return out;
}

std::string Export(const SHA256_CTX& c) {
  std::string out(1, kSha256State);
  for (SHA_LONG word : c.h) PutWord(out, word);
  PutTail(out, c);
  return out;
}

bool Import(absl::string_view in, uint64_t length, SHA_CTX& c) {
  if (in.size() < 1 + 5 * 4 + 8 || in.front() != kSha1State) return false;
  in.remove_prefix(1);
  for (SHA_LONG* word : {&c.h0, &c.h1, &c.h2, &c.h3, &c.h4}) *word = TakeWord(in);
  return TakeTail(in, length, c);
}

bool Import(absl::string_view in, uint64_t length, SHA256_CTX& c) {
  if (in.size() < 1 + 8 * 4 + 8 || in.front() != kSha256State) return false;
  in.remove_prefix(1);
  for (SHA_LONG& word : Words(c)) word = TakeWord(in);
  return TakeTail(in, length, c);
}

}  // namespace

FileHasher::FileHasher(ContentHash::Kind kind, ByteCount file_size) {
  if (kind == ContentHash::Kind::kSha256) {
    Init(context_.emplace<SHA256_CTX>());
  } else if (kind == ContentHash::Kind::kGitSha1) {
    SHA_CTX& c = context_.emplace<SHA_CTX>();
    Init(c);
    Add(c, GitHeader(file_size));
  }
}

std::optional<FileHasher> FileHasher::FromState(ContentHash::Kind kind, ByteCount file_size,
                                                ByteCount hashed_bytes, absl::string_view state) {
  FileHasher hasher(kind, file_size);
  if (hashed_bytes < 0 || hashed_bytes > file_size) return std::nullopt;
  hasher.hashed_bytes_ = hashed_bytes;
  bool good = state.empty();  // kNone has no state
  if (auto* sha256 = std::get_if<SHA256_CTX>(&hasher.context_))
    good = Import(state, hashed_bytes, *sha256);
  if (auto* sha1 = std::get_if<SHA_CTX>(&hasher.context_)) {
    good = Import(state, GitHeader(file_size).size() + hashed_bytes, *sha1);
  }
  if (!good) return std::nullopt;
  return hasher;
}

std::string FileHasher::ExportState() const {
  if (auto* sha256 = std::get_if<SHA256_CTX>(&context_)) return Export(*sha256);
  if (auto* sha1 = std::get_if<SHA_CTX>(&context_)) return Export(*sha1);
  return "";
}

void FileHasher::Update(absl::string_view bytes) {
  if (auto* sha256 = std::get_if<SHA256_CTX>(&context_)) Add(*sha256, bytes);
  if (auto* sha1 = std::get_if<SHA_CTX>(&context_)) Add(*sha1, bytes);
  hashed_bytes_ += static_cast<ByteCount>(bytes.size());
}

ContentHash FileHasher::Result() const {
  if (auto* sha256 = std::get_if<SHA256_CTX>(&context_)) {
    return {ContentHash::Kind::kSha256, absl::BytesToHexString(Final(*sha256))};
  }
  if (auto* sha1 = std::get_if<SHA_CTX>(&context_)) {
    return {ContentHash::Kind::kGitSha1, absl::BytesToHexString(Final(*sha1))};
  }
  return {};
}

// XXH3 wants at least 136 bytes of secret; the key is stretched by hashing it with a counter.
PieceDigester::PieceDigester(absl::string_view key) {
  for (char counter = 0; secret_.size() < XXH3_SECRET_SIZE_MIN; ++counter) {
    SHA256_CTX c;
    Init(c);
    Add(c, key);
    Add(c, absl::string_view(&counter, 1));
    secret_ += Final(c);
  }
}

PieceDigest PieceDigester::operator()(absl::string_view bytes) const {
  const XXH128_hash_t hash =
      XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_.size());
  return {hash.low64, hash.high64};
}

absl::StatusOr<std::string> HashFile(FileSystem& fs, const std::string& path,
                                     const ContentHash& like, const std::atomic<bool>* stop) {
  HFGET_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, fs.OpenForRead(path));
  HFGET_ASSIGN_OR_RETURN(const FileInfo info, fs.Stat(path));
  FileHasher hasher(like.kind, info.size);
  const std::unique_ptr<char[]> room(new char[kPieceBytes]);
  while (hasher.hashed_bytes() < info.size) {
    if (stop != nullptr && stop->load())
      return absl::CancelledError(absl::StrCat("hashing ", path));
    const ByteCount left = info.size - hasher.hashed_bytes();
    const absl::Span<char> bytes(room.get(), static_cast<size_t>(std::min(left, kPieceBytes)));
    HFGET_RETURN_IF_ERROR(file->PRead(hasher.hashed_bytes(), bytes));
    hasher.Update({bytes.data(), bytes.size()});
  }
  return hasher.Result().hex;
}

}  // namespace hfget::disk
