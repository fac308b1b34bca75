/** What a product costs and whether it is there, as a visitor of the shop sees it. Needs no token. */
export const LIVE_PRODUCTS = /* GraphQL */ `
  query LiveProducts($ids: [ID!]!, $language: LanguageCode) @inContext(language: $language) {
    nodes(ids: $ids) {
      ... on Product {
        id
        featuredImage {
          url(transform: { maxWidth: 480 })
          altText
        }
        variants(first: 100) {
          nodes {
            id
            title
            availableForSale
            price {
              amount
              currencyCode
            }
          }
        }
      }
    }
  }
`;
