#include "daemon/net/curl_error.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "daemon/base/log.h"

namespace hfget::net {

NetError NetErrorOf(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return NetError::kNone;
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED:  // user info in the URL
      return NetError::kUnsupportedUrl;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return NetError::kResolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
      return NetError::kConnect;
    case CURLE_OPERATION_TIMEDOUT:  // connecting is the only step that libcurl times for us
      return NetError::kConnectTimeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_USE_SSL_FAILED:
      return NetError::kTls;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
      return NetError::kReset;
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, or a version that does not exist
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_TOO_MANY_REDIRECTS:
      return NetError::kProtocol;
    default:
      return NetError::kLocal;
  }
}

std::string LoggableDetail(absl::string_view text) {
  std::vector<std::string> words;
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    const bool url = word.find("://") != absl::string_view::npos;
    words.push_back(url ? LoggableUrl(word) : std::string(word));
  }
  std::string loggable = absl::StrJoin(words, " ");
  std::replace_if(loggable.begin(), loggable.end(), absl::ascii_iscntrl, ' ');
  std::replace_if(loggable.begin(), loggable.end(), [](unsigned char c) { return !absl::ascii_isascii(c); }, '?');
  return loggable;
}

}  // namespace hfget::net
