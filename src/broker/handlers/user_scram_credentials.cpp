// DescribeUserScramCredentials (KIP-554). Nobody has credentials here, because nothing can set them yet (SASL): whoever
// lists them gets no rows, who asks for a user is told that there are none of that name.
#include <map>
#include <string>

#include "handlers.hpp"
#include "jackdaw/protocol/messages/describe_user_scram_credentials.hpp"

namespace jackdaw::broker {

using protocol::error_code;

void handle_describe_user_scram_credentials(request_ptr r) {
  protocol::describe_user_scram_credentials_request asked;
  if (!r->decode(asked)) return;
  protocol::describe_user_scram_credentials_response message;
  message.error_message.reset();
  std::map<std::string_view, std::size_t> named;  // how often
  if (asked.users) {
    for (const auto& user : *asked.users) ++named[user.name];
  }
  for (const auto& [name, times] : named) {
    auto& row = message.results.emplace_back();
    row.user = name;
    row.error_code = times > 1 ? error_code::duplicate_resource : error_code::resource_not_found;
    row.error_message = r->keep(times > 1 ? "user '" + std::string(name) + "' is named more than once"
                                          : "user '" + std::string(name) + "' has no SCRAM credentials");
  }
  r->respond(message);
}

}  // namespace jackdaw::broker
