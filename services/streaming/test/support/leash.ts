// Loaded into a process that a test starts (node --import): ends it when the test's process has gone, however that
// went. The open pipe to the standard input is the leash.
process.stdin.once('end', () => process.kill(process.pid, 'SIGKILL')).resume();
if ('unref' in process.stdin) process.stdin.unref();
