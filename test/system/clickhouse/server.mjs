// ClickHouse's own engine behind as much of its HTTP interface as is asked of it: a statement as the body of a POST.
import { createServer } from 'node:http'
import { Session } from 'chdb'

const session = new Session()
const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const key = request.headers['x-clickhouse-key']
    if (key !== undefined && key !== 'right') {
      response.writeHead(403).end('Code: 516. DB::Exception: default: Authentication failed')
      return
    }
    try {
      const sql = Buffer.concat(chunks).toString('utf8')
      const [, format = 'TabSeparated'] = /\sFORMAT\s+(\w+)\s*$/.exec(sql) ?? []
      const answer = session.query(sql.replace(/\sFORMAT\s+\w+\s*$/, ''), format)
      response.setHeader('X-ClickHouse-Summary', JSON.stringify({ read_rows: '0', read_bytes: '0' }))
      response.writeHead(200).end(answer)
    } catch (error) {
      response.writeHead(500).end(String(error.message ?? error))
    }
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
process.on('SIGTERM', () => process.exit(0))
