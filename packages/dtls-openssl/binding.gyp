# Node's own headers carry OpenSSL; libssl is never linked, its symbols come from the node that loads the addon.
{
  'targets': [{
    'target_name': 'dtls_openssl',
    'sources': [
      'native/addon.cc',
      'native/application-protocols.cc',
      'native/arguments.cc',
      'native/certificate-entries.cc',
      'native/certificates.cc',
      'native/connection.cc',
      'native/connection-entries.cc',
      'native/context.cc',
      'native/context-entries.cc',
      'native/datagram-bio.cc',
      'native/environment.cc',
      'native/errors.cc',
      'native/frames.cc',
      'native/handshake.cc',
      'native/key-log.cc',
      'native/peer-identity.cc',
      'native/psk.cc',
      'native/security-policy.cc',
      'native/server-name.cc',
      'native/server-name-entries.cc',
      'native/session.cc',
      'native/session-cache.cc',
      'native/session-entries.cc',
      'native/session-server.cc',
      'native/session-tickets.cc',
    ],
    'defines': ['NAPI_VERSION=8', 'OPENSSL_API_COMPAT=0x30000000L'],
    'win_delay_load_hook': 'false',
    'cflags_cc': ['-std=c++17', '-Wall', '-Wextra', '-Wno-unused-parameter', '-fvisibility=hidden', '-O2'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-O3'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'OTHER_LDFLAGS': ['-Wl,-bind_at_load'],
    },
    'msvs_settings': { 'VCCLCompilerTool': { 'AdditionalOptions': ['/std:c++17'] } },
    'conditions': [
      # A host without the symbols (Bun, Deno, Electron) must fail in require(), not at the first call; an addon that a
      # worker loaded must stay mapped, because OpenSSL may keep pointers into it.
      ['OS=="linux"', { 'ldflags': ['-Wl,-z,now', '-Wl,-z,nodelete', '-Wl,-z,relro'] }],
    ],
  }],
}
