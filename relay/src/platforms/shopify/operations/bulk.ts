/** Every product with its variants. Children come behind their parent; a bulk operation knows no `first`. */
export const BULK_PRODUCTS = /* GraphQL */ `
  query BulkProducts {
    products {
      edges {
        node {
          id
          handle
          title
          vendor
          productType
          descriptionHtml
          status
          onlineStoreUrl
          updatedAt
          options {
            name
            optionValues {
              name
            }
          }
          featuredMedia {
            preview {
              image {
                url
                altText
              }
            }
          }
          variants {
            edges {
              node {
                id
                title
                sku
                price
                availableForSale
              }
            }
          }
        }
      }
    }
  }
`;

/** A collection has no field that says whether the online store shows it; the filter knows. */
export const BULK_COLLECTIONS = /* GraphQL */ `
  query BulkCollections {
    collections(query: "published_status:published") {
      edges {
        node {
          id
          handle
          title
          descriptionHtml
          updatedAt
        }
      }
    }
  }
`;

export const BULK_PAGES = /* GraphQL */ `
  query BulkPages {
    pages {
      edges {
        node {
          id
          handle
          title
          body
          isPublished
          publishedAt
          updatedAt
        }
      }
    }
  }
`;

export const BULK_ARTICLES = /* GraphQL */ `
  query BulkArticles {
    articles {
      edges {
        node {
          id
          handle
          title
          body
          isPublished
          publishedAt
          updatedAt
          blog {
            handle
          }
        }
      }
    }
  }
`;
