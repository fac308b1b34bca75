export const FIND_CUSTOMER = /* GraphQL */ `
  query FindCustomer($identifier: CustomerIdentifierInput!) {
    customerByIdentifier(identifier: $identifier) {
      id
      defaultEmailAddress {
        emailAddress
        marketingState
        marketingUpdatedAt
      }
    }
  }
`;

export const CREATE_CUSTOMER = /* GraphQL */ `
  mutation CreateCustomer($input: CustomerInput!) {
    customerCreate(input: $input) {
      customer {
        id
      }
      userErrors {
        field
        message
      }
    }
  }
`;

export const TAG_CUSTOMER = /* GraphQL */ `
  mutation TagCustomer($id: ID!, $tags: [String!]!) {
    tagsAdd(id: $id, tags: $tags) {
      userErrors {
        field
      }
    }
  }
`;

export const SUBSCRIBE_CUSTOMER = /* GraphQL */ `
  mutation SubscribeCustomer($input: CustomerEmailMarketingConsentUpdateInput!) {
    customerEmailMarketingConsentUpdate(input: $input) {
      userErrors {
        code
      }
    }
  }
`;
