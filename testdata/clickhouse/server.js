// A ClickHouse of today, behind the least of its HTTP interface that egress-load
// needs: package chdb is its engine as a library.
//
// Usage: node server.js FOLDER-WITH-NODE_MODULES PORT DATA
const [modules, port, data] = process.argv.slice(2);
const { Session } = require(require.resolve("chdb", { paths: [modules] }));
const session = new Session(data);
require("http").createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    try {
      const statement = Buffer.concat(pieces).toString("latin1") || "SELECT 1";
      response.end(session.query(statement, "TabSeparated"));
    } catch (e) {
      response.statusCode = 500;
      response.end(String(e.message || e) + "\n");
    }
  });
}).listen(Number(port), "127.0.0.1");
