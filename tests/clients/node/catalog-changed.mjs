// What both subscribers do: print each result of `catalogChanged` as a line of JSON, and end after `count` of them.
const query = `
  subscription CatalogChanged($after: String) {
    catalogChanged(after: $after) {
      cursor
      event
      entity {
        __typename
        id
        ... on Product {
          name
          version
        }
      }
    }
  }
`;

/** Reads `URL TOKEN COUNT [AFTER]` from the command line. */
export function readArguments() {
  const [url, token, count, after = null] = process.argv.slice(2);
  return { url, token, count: Number(count), after };
}

/** Prints an error as `{"errors": [{"message"}]}` too: the transports throw arrays, close events and exceptions. */
export async function printChanges({ client, count, after }) {
  let printed = 0;
  try {
    for await (const result of client.iterate({ query, variables: { after } })) {
      console.log(JSON.stringify(result));
      printed += 1;
      if (printed === count) break;
    }
  } catch (error) {
    const errors = Array.isArray(error) ? error : [{ message: error.reason || error.message || String(error) }];
    console.log(JSON.stringify({ errors }));
    process.exitCode = 1;
  }
  await client.dispose();
}
