#include "errors.hpp"

#include <cerrno>
#include <system_error>

namespace jackdaw::disk {

namespace {

errc code_of(int code) noexcept {
  switch (code) {
    case ENOSPC:
    case EFBIG:  // a limit of the process or the file system
    case EDQUOT: return errc::no_space;
    case ENOENT: return errc::not_found;
    case EEXIST: return errc::already_exists;
    case EMFILE:
    case ENFILE: return errc::busy;
    default: return errc::io;
  }
}

}  // namespace

error system_error(int code, const char* what, const std::string& path) {
  return fail(code_of(code), std::string("cannot ") + what + ' ' + path + ": " + std::generic_category().message(code));
}

}  // namespace jackdaw::disk
