const staffHeaders = JSON.stringify({ Authorization: "Bearer paste-the-staff-token-here" }, null, 2);

const products = `# Ctrl-Enter runs this query.
# The folder icon on the left opens
# the explorer: queries by clicks.
query Products {
  products(first: 5) {
    nodes {
      name
      slug
      priceRange {
        min {
          amount
          currencyCode
        }
      }
      variants(first: 3) {
        nodes {
          name
          sku
          price {
            amount
          }
          quantityAvailable
        }
      }
    }
  }
}
`;

const catalogChanged = `# Every change of the catalogue, as it happens.
# It needs a staff token in the headers below:
# "make dev" prints one. Start it, then change a
# product in the next tab.
subscription CatalogChanged {
  catalogChanged {
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

const productUpdate = `# Put the id of a product into the variables below,
# and a staff token into the headers.
mutation ProductUpdate($input: ProductUpdateInput!) {
  productUpdate(input: $input) {
    product {
      id
      name
      version
    }
    userErrors {
      code
      message
      field
    }
  }
}
`;

const productUpdateVariables = JSON.stringify({ input: { id: "", name: "A new name" } }, null, 2);

/** What a first visit opens; later visits get their own tabs back from the browser's storage. */
export const tabs = [
  { query: products },
  { query: catalogChanged, headers: staffHeaders },
  { query: productUpdate, headers: staffHeaders, variables: productUpdateVariables },
];
