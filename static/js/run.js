// The page of a run under way: its socket goes on where it was after the connection was lost.

// htmx's extension reconnects to the address that the page was made with; by then the page has more.
htmx.createWebSocket = (url) => {
  const address = new URL(url, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  address.searchParams.set("after", document.getElementById("run-number").value);
  const socket = new WebSocket(address);
  socket.binaryType = htmx.config.wsBinaryType;
  return socket;
};
