#include "jackdaw/cli/failure.hpp"

#include "jackdaw/base/assert.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

exit_status status_of(errc code) {
  switch (code) {
    case errc::closed:
    case errc::timed_out: return exit_status::unreachable;
    case errc::invalid_argument: return exit_status::usage;
    case errc::not_found: return exit_status::not_found;
    case errc::already_exists: return exit_status::already_exists;
    default: return exit_status::failed;
  }
}

exit_status status_of(error_code code) {
  switch (code) {
    case error_code::unknown_topic_or_partition:
    case error_code::unknown_topic_id:
    case error_code::group_id_not_found:
    case error_code::resource_not_found: return exit_status::not_found;
    case error_code::topic_already_exists: return exit_status::already_exists;
    default: return exit_status::failed;
  }
}

const char* advice(error_code code) {
  switch (code) {
    case error_code::unknown_topic_or_partition: return "see what there is with: jackdaw topic list";
    case error_code::topic_already_exists: return "use another name, or --if-not-exists";
    case error_code::invalid_replication_factor:
      return "there must be that many live brokers, see: jackdaw cluster describe";
    case error_code::invalid_config: return "see the allowed values with: jackdaw config describe --all";
    case error_code::topic_authorization_failed:
    case error_code::cluster_authorization_failed:
    case error_code::group_authorization_failed: return "this user lacks the right, ask who runs the cluster";
    case error_code::group_id_not_found: return "see what there is with: jackdaw group list";
    case error_code::non_empty_group:
    case error_code::group_subscribed_to_topic: return "stop its members first, see them with: jackdaw group describe";
    case error_code::not_coordinator:
    case error_code::coordinator_not_available:
    case error_code::coordinator_load_in_progress: return "the group's coordinator isn't ready, try again";
    case error_code::policy_violation: return "the cluster's policy forbids it";
    case error_code::not_controller:
    case error_code::request_timed_out: return "the cluster is busy or without controller, try again";
    default: return nullptr;
  }
}

}  // namespace

failure::failure(const error& e) : status(status_of(e.code)), text(e.detail) {
  if (e.code == errc::closed) text += "; check the address given with --bootstrap and that the broker runs";
  if (e.code == errc::timed_out) text += "; try again, or raise --timeout";
}

void throw_exception_from_error(const failure& f, const boost::source_location& where) {
  assertion_failed("outcome has a value", where.file_name(), static_cast<int>(where.line()), ' ' + f.text);
}

failure refused(std::string_view what, error_code code, std::optional<std::string_view> message) {
  std::string text(what);
  text += ": ";
  text += name_of(code);
  if (message && !message->empty()) {
    std::string_view said = *message;
    while (said.ends_with('.')) said.remove_suffix(1);
    text += ", ";
    text += said;
  }
  if (const char* next = advice(code)) {
    text += "; ";
    text += next;
  }
  return {status_of(code), std::move(text)};
}

}  // namespace jackdaw::cli
