// An example that must not compile: it uses what it doesn't include.
#pragma once

inline std::string forgetful() { return "no <string>"; }
