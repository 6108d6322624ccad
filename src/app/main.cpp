#include <cstdio>
int main() { std::puts("jackdawd " JACKDAW_VERSION); }
