// The program of every container in these tests. MODE says how it behaves.
import { Buffer } from 'node:buffer';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { clearInterval, setInterval } from 'node:timers';
import { URL } from 'node:url';

const { MODE = 'ok', PORT, K_REVISION, K_SERVICE } = process.env;

const body = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://container');
  response.setHeader('x-revision', K_REVISION);
  if (url.pathname === '/exit') process.exit(Number(url.searchParams.get('code')));
  if (url.pathname === '/echo') {
    response.end(await body(request));
    return;
  }
  if (url.pathname === '/stream') {
    response.write('first');
    for await (const chunk of request) response.write(chunk);
    response.end('last');
    return;
  }
  if (url.pathname === '/silent') return;
  if (url.pathname === '/reset') {
    request.socket.destroy();
    return;
  }
  if (url.pathname === '/say') {
    console.log(url.searchParams.get('line'));
    response.end('said');
    return;
  }
  if (url.pathname === '/sick') {
    response.writeHead(existsSync(process.env.SICK_FILE ?? '/nowhere') ? 500 : 200).end();
    return;
  }
  if (url.pathname === '/cookies') {
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.writeHead(201, 'Made').end();
    return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({
      revision: K_REVISION,
      service: K_SERVICE,
      pid: process.pid,
      cwd: process.cwd(),
      argv: process.argv.slice(2),
      headers: request.headers,
      env: process.env,
    }),
  );
});

server.on('upgrade', (request, socket, head) => {
  if (request.url === '/refused') {
    socket.end('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
    return;
  }
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  socket.write(`welcome to ${K_REVISION};`);
  socket.on('error', () => socket.destroy());
  socket.write(head);
  socket.pipe(socket);
});

process.on('SIGTERM', () => {
  console.log('SIGTERM');
  if (MODE !== 'stubborn') process.exit(0);
});

const modes = {
  ok: () => server.listen(PORT),
  stubborn: () => server.listen(PORT),
  crash: () => {
    console.error('cannot read the configuration');
    process.exit(1);
  },
  'exit-zero': () => process.exit(0),
  never: () => setInterval(() => {}, 1000),
  'wrong-port': () => server.listen(0),
  'when-file': () => {
    const timer = setInterval(() => {
      if (!existsSync(process.env.START_FILE)) return;
      clearInterval(timer);
      server.listen(PORT);
    }, 10);
  },
};
modes[MODE]();
